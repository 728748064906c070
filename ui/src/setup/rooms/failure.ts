// A failure as the person at the page sees it, with a way to remove what it left in Splunk.
import { explain, FlowProblem } from '../explain';
import { removeLeftovers } from '../flows/organisations';
import type { Note } from '../parts/Notes';
import { texts } from '../texts';

const words = texts.organisation;

export function failure(problem: unknown, tell: (note: Note) => void): Note {
    const { text, leftover = [] } = explain(problem);
    if (!leftover.length) return { type: 'error', text };
    const again = async (): Promise<void> => {
        try {
            await removeLeftovers(leftover);
            tell({ type: 'success', text: words.leftoverGone });
        } catch (second) {
            if (second instanceof FlowProblem) tell({ type: 'info', text: second.text });
            else tell({ ...note, text: `${explain(second).text} ${words.leftover(leftover)}` });
        }
    };
    const note: Note = { type: 'error', text, action: { label: words.removeLeftover, run: () => void again() } };
    return note;
}
