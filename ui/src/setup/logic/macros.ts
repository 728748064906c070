// Whether a macro's new definition can be what the searches expect in its place.
import { texts } from '../texts';

/** What is wrong with it, or null. The shipped definition says which kind of value is expected. */
export function macroProblem(name: string, definition: string, shipped: string): string | null {
    const words = texts.macros;
    const value = definition.trim();
    if (!value) return words.empty;
    if (/^\d+$/.test(shipped)) return /^\d{1,12}$/.test(value) ? null : words.wholeNumber;
    if (/^\d+\.\d+$/.test(shipped)) return /^\d{1,12}(\.\d+)?$/.test(value) ? null : words.decimal;
    const open = unbalanced(value);
    if (open) return open;
    const isQuoted = (text: string): boolean => /^".*"$/s.test(text);
    if (isQuoted(shipped) && !isQuoted(value)) return words.quotes;
    if (name.endsWith('_filter') && !/^(search|where|eval|lookup|regex)\s|^`/.test(value)) return words.filter;
    return null;
}

/** Quotation marks in pairs, brackets outside of them too. */
function unbalanced(text: string): string | null {
    const words = texts.macros;
    const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
    const open: string[] = [];
    let quoted = false;
    for (let at = 0; at < text.length; at += 1) {
        const sign = text[at]!;
        if (sign === '\\') at += 1;
        else if (sign === '"') quoted = !quoted;
        else if (!quoted && '([{'.includes(sign)) open.push(sign);
        else if (!quoted && sign in pairs && open.pop() !== pairs[sign]) return words.brackets;
    }
    return quoted ? words.quotes : open.length ? words.brackets : null;
}
