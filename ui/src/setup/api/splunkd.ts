// The endpoints of splunkd that this page uses, each as one function. Splunk's own REST reference names them.
// storage/passwords is only ever written: its answers hold secrets in clear text, so nothing here reads one, and
// nothing asks for a list of them.
import { APP, call, Form, SplunkError } from './http';

interface Feed<Content> {
    entry: { name: string; content: Content }[];
}

export const SCHEME = 'slack_audit';
const INPUTS = ['data', 'inputs', SCHEME];
const PASSWORDS = ['storage', 'passwords'];
/** A create or edit of an input waits for its trial call to Slack. */
const TRIAL_SECONDS = 120;

export interface Server {
    name: string;
    version: string;
    roles: string[];
    kvStore: string;
}

/** Who is logged in, and what that user may do. */
export interface Me {
    name: string;
    roles: string[];
    capabilities: string[];
}

export interface Organisation {
    name: string;
    disabled: boolean;
    settings: Form;
}

export interface BarMessage {
    name: string;
    severity: string;
    text: string;
}

export interface SavedSearch {
    name: string;
    disabled: boolean;
    description: string;
    cron: string;
    param: (name: string) => string;
}

export interface Job {
    done: boolean;
    failed: boolean;
    /** 0 to 1 */
    progress: number;
    results: number;
    said: string;
}

export type Row = Record<string, string | string[]>;

const isOn = (value: unknown): boolean => ['1', 'true', 't', 'yes'].includes(String(value ?? '').toLowerCase());

// -- the host

export async function server(): Promise<Server> {
    const feed = await call<Feed<Record<string, unknown>>>({ path: ['server', 'info'], global: true });
    const content = feed.entry[0]?.content ?? {};
    return {
        name: String(content.serverName ?? ''),
        version: String(content.version ?? ''),
        roles: ((content.server_roles as string[] | undefined) ?? []).map(String),
        kvStore: String(content.kvStoreStatus ?? ''),
    };
}

export async function me(): Promise<Me> {
    const feed = await call<Feed<Record<string, unknown>>>({
        path: ['authentication', 'current-context'],
        global: true,
    });
    const content = feed.entry[0]?.content ?? {};
    const list = (found: unknown): string[] => ((found as string[] | undefined) ?? []).map(String);
    return {
        name: String(content.username ?? ''),
        roles: list(content.roles),
        capabilities: list(content.capabilities),
    };
}

export async function isConfigured(): Promise<boolean> {
    const feed = await call<Feed<{ configured?: unknown }>>({ path: ['apps', 'local', APP] });
    return isOn(feed.entry[0]?.content.configured);
}

export async function markConfigured(): Promise<void> {
    await call({ method: 'POST', path: ['apps', 'local', APP], form: { configured: 'true' } });
}

export async function indexes(): Promise<string[]> {
    const feed = await call<Feed<{ isInternal?: unknown; datatype?: string }>>({
        path: ['data', 'indexes'],
        global: true,
        query: { count: '0' },
    });
    return feed.entry
        .filter((entry) => !isOn(entry.content.isInternal) && !entry.name.startsWith('_'))
        .filter((entry) => (entry.content.datatype ?? 'event') === 'event')
        .map((entry) => entry.name);
}

// -- organisations: stanzas of the input and their secrets

export async function organisations(): Promise<Organisation[]> {
    const feed = await call<Feed<Record<string, unknown>>>({ path: INPUTS, query: { count: '0' } });
    return feed.entry.map((entry) => ({
        name: entry.name,
        disabled: isOn(entry.content.disabled),
        settings: Object.fromEntries(
            Object.entries(entry.content)
                .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
                .map(([key, value]) => [key, String(value)]),
        ),
    }));
}

export async function createOrganisation(name: string, settings: Form): Promise<void> {
    await call({ method: 'POST', path: INPUTS, form: { name, ...settings }, seconds: TRIAL_SECONDS });
}

export async function editOrganisation(name: string, settings: Form): Promise<void> {
    await call({ method: 'POST', path: [...INPUTS, name], form: settings, seconds: TRIAL_SECONDS });
}

export async function switchOrganisation(name: string, on: boolean): Promise<void> {
    await call({ method: 'POST', path: [...INPUTS, name, on ? 'enable' : 'disable'], form: {} });
}

export async function removeOrganisation(name: string): Promise<void> {
    await call({ method: 'DELETE', path: [...INPUTS, name] });
}

/** Stores a new secret. Throws SplunkError of kind `exists` when there is one of this name. */
export async function createSecret(name: string, password: string): Promise<void> {
    await call({ method: 'POST', path: PASSWORDS, form: { realm: APP, name, password }, unread: true });
}

/** Replaces a secret. Throws SplunkError of kind `missing` when there is none. */
export async function replaceSecret(name: string, password: string): Promise<void> {
    await call({ method: 'POST', path: [...PASSWORDS, `${APP}:${name}:`], form: { password }, unread: true });
}

export async function removeSecret(name: string): Promise<void> {
    await call({ method: 'DELETE', path: [...PASSWORDS, `${APP}:${name}:`], unread: true });
}

// -- the message bar

export async function messages(): Promise<BarMessage[]> {
    const feed = await call<Feed<{ message?: string; severity?: string }>>({
        path: ['messages'],
        global: true,
        query: { count: '0' },
    });
    return feed.entry.map((entry) => ({
        name: entry.name,
        severity: entry.content.severity ?? '',
        text: entry.content.message ?? '',
    }));
}

export async function removeMessage(name: string): Promise<void> {
    await call({ method: 'DELETE', path: ['messages', name], global: true });
}

// -- alerts, baselines, macros

export async function savedSearches(): Promise<SavedSearch[]> {
    const feed = await call<Feed<Record<string, unknown>>>({
        path: ['saved', 'searches'],
        query: { count: '0' },
    });
    return feed.entry
        .filter((entry) => entry.name.startsWith('Slack - '))
        .map((entry) => ({
            name: entry.name,
            disabled: isOn(entry.content.disabled),
            description: String(entry.content.description ?? '').replace(/\s+/g, ' '),
            cron: String(entry.content.cron_schedule ?? ''),
            param: (name) =>
                String(entry.content[`action.slack_audit_finding.param.${name}`] ?? '').replace(/\s+/g, ' '),
        }));
}

export async function switchSearch(name: string, on: boolean): Promise<void> {
    await call({ method: 'POST', path: ['saved', 'searches', name], form: { disabled: on ? '0' : '1' } });
}

export async function dispatch(name: string): Promise<string> {
    const answer = await call<{ sid: string }>({
        method: 'POST',
        path: ['saved', 'searches', name, 'dispatch'],
        form: { trigger_actions: '0' },
    });
    return answer.sid;
}

export interface Macro {
    definition: string;
    description: string;
}

export async function macros(): Promise<Record<string, Macro>> {
    const feed = await call<Feed<{ definition?: string; description?: string }>>({
        path: ['configs', 'conf-macros'],
        query: { count: '0' },
    });
    return Object.fromEntries(
        feed.entry.map((entry) => [
            entry.name,
            {
                definition: String(entry.content.definition ?? ''),
                description: String(entry.content.description ?? '').replace(/\s+/g, ' '),
            },
        ]),
    );
}

export async function setMacro(name: string, definition: string): Promise<void> {
    await call({ method: 'POST', path: ['configs', 'conf-macros', name], form: { definition } });
}

// -- searches

export async function startSearch(search: string, earliest?: string, latest?: string): Promise<string> {
    const answer = await call<{ sid: string }>({
        method: 'POST',
        path: ['search', 'jobs'],
        form: {
            search,
            exec_mode: 'normal',
            ...(earliest ? { earliest_time: earliest } : {}),
            ...(latest ? { latest_time: latest } : {}),
        },
    });
    return answer.sid;
}

export async function job(sid: string): Promise<Job> {
    type Content = Record<string, unknown> & { messages?: unknown };
    const answer = await call<{ content?: Content } & Partial<Feed<Content>>>({ path: ['search', 'jobs', sid] });
    const content = answer.content ?? answer.entry?.[0]?.content ?? {};
    return {
        done: isOn(content.isDone),
        failed: isOn(content.isFailed),
        progress: Number(content.doneProgress ?? 0),
        results: Number(content.resultCount ?? 0),
        said: complaints(content.messages),
    };
}

/** Errors among a job's messages; splunkd sends them as a list, older ones as an object of lists. */
function complaints(found: unknown): string {
    const list: { type: string; text: string }[] = Array.isArray(found)
        ? (found as { type: string; text: string }[])
        : Object.entries((found as Record<string, string[]>) ?? {}).flatMap(([type, texts]) =>
              texts.map((text) => ({ type, text })),
          );
    return list
        .filter((message) => ['ERROR', 'FATAL'].includes(message.type.toUpperCase()))
        .map((message) => message.text)
        .join(' ');
}

export async function results(sid: string): Promise<Row[]> {
    const answer = await call<{ results?: Row[] } | undefined>({
        path: ['search', 'jobs', sid, 'results'],
        query: { count: '0' },
    });
    return answer?.results ?? [];
}

export async function cancelJob(sid: string): Promise<void> {
    await call({ method: 'DELETE', path: ['search', 'jobs', sid] });
}

const pause = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

/** Waits for a job, telling its progress. Throws SplunkError of kind `refused` when the search fails. */
export async function finish(sid: string, tell: (state: Job) => void = () => undefined): Promise<Job> {
    for (let wait = 0.15; ; wait = Math.min(wait * 1.5, 2)) {
        const state = await job(sid);
        tell(state);
        if (state.failed) throw new SplunkError('refused', 400, state.said, 'search/jobs');
        if (state.done) return state;
        await pause(wait);
    }
}

/** Runs a search to its end and returns its rows. */
export async function search(text: string, earliest?: string, latest?: string): Promise<Row[]> {
    const sid = await startSearch(text, earliest, latest);
    await finish(sid);
    const rows = await results(sid);
    // The job would go away by itself; that it stays for a while is nobody's trouble.
    await cancelJob(sid).catch(() => undefined);
    return rows;
}
