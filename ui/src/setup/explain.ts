// What went wrong, in plain words, and which field of a form it is about.
import { SplunkError } from './api/http';
import { placed } from './logic/organisation';
import { texts } from './texts';

export interface Told {
    /** Name of a setting, "token", "name", or "" for the whole form. */
    field: string;
    text: string;
    /** Secrets that are still stored under these names. */
    leftover?: string[];
}

/** What a flow of several calls could not do, already in words. */
export class FlowProblem extends Error implements Told {
    constructor(
        readonly field: string,
        readonly text: string,
        readonly leftover: string[] = [],
    ) {
        super(text);
    }
}

export function explain(problem: unknown): Told {
    const words = texts.problems;
    if (problem instanceof FlowProblem) return problem;
    if (!(problem instanceof SplunkError)) {
        return { field: '', text: problem instanceof Error && problem.message ? problem.message : words.unexpected };
    }
    switch (problem.kind) {
        case 'refused':
            return problem.said ? placed(problem.said) : { field: '', text: words.refused };
        case 'forbidden': {
            const capability = /requires capability: ([a-z_]+)/i.exec(problem.said)?.[1];
            return { field: '', text: capability ? words.capability(capability) : words.forbidden(problem.said) };
        }
        case 'missing':
            return {
                field: '',
                text: problem.path === 'data/inputs/slack_audit' ? words.inputUnknown : words.missing,
            };
        case 'exists':
            return { field: 'name', text: words.exists };
        case 'notReady':
            return { field: '', text: /kv ?store/i.test(problem.said) ? words.kvStore : words.notReady };
        case 'server':
            return { field: '', text: words.server(problem.status, problem.said) };
        default:
            return { field: '', text: words[problem.kind] };
    }
}
