// One call to splunkd through Splunk Web's proxy, and what went wrong with it. Knows no endpoint.
import { createFetchInit } from '@splunk/splunk-utils/fetch';
import { createRESTURL } from '@splunk/splunk-utils/url';

export const APP = 'slack_audit_monitor';

/** What kind of failure it was; `texts.problems` has the words for each. */
export type Kind =
    | 'network'
    | 'timeout'
    | 'session'
    | 'forbidden'
    | 'missing'
    | 'exists'
    | 'refused'
    | 'notReady'
    | 'tooLarge'
    | 'server';

export class SplunkError extends Error {
    /** `said` is splunkd's own sentence; `status` is 0 when no answer came. */
    constructor(
        readonly kind: Kind,
        readonly status: number,
        readonly said: string,
        readonly path: string,
    ) {
        super(`${kind} ${status} ${path}`);
    }

    /** Whether splunkd may have done what it was asked, although no answer says so. */
    get isUncertain(): boolean {
        return this.kind === 'network' || this.kind === 'timeout' || this.status === 502 || this.status === 504;
    }
}

export type Method = 'GET' | 'POST' | 'DELETE';
export type Form = Record<string, string>;

export interface Call {
    method?: Method;
    /** Parts of the path below /servicesNS/nobody/<app>; each is escaped. */
    path: string[];
    /** Outside of any app: /services/... */
    global?: boolean;
    query?: Form;
    form?: Form;
    seconds?: number;
    /** The answer may hold a secret in clear text: it is thrown away unread. */
    unread?: boolean;
}

/** Splunk Web itself gives up on splunkd after 30 seconds; this is for a proxy in front of it that does not. */
const PATIENCE_SECONDS = 60;

const KINDS: Record<number, Kind> = {
    401: 'session',
    403: 'forbidden',
    404: 'missing',
    409: 'exists',
    400: 'refused',
    413: 'tooLarge',
    414: 'tooLarge',
    503: 'notReady',
    504: 'timeout',
};

export async function call<Answer = unknown>(wanted: Call): Promise<Answer> {
    const endpoint = wanted.path.map(encodeURIComponent).join('/');
    const place = wanted.global ? {} : { owner: 'nobody', app: APP };
    const query = new URLSearchParams({ output_mode: 'json', ...wanted.query });
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), (wanted.seconds ?? PATIENCE_SECONDS) * 1000);
    try {
        const response = await fetch(
            `${createRESTURL(endpoint, place)}?${query}`,
            createFetchInit({
                method: wanted.method ?? 'GET',
                cache: 'no-store',
                signal: stop.signal,
                ...(wanted.form ? { body: new URLSearchParams(wanted.form) } : {}),
                headers: headers(wanted),
            }),
        );
        if (!response.ok) {
            throw new SplunkError(KINDS[response.status] ?? 'server', response.status, await sentence(response), endpoint);
        }
        if (wanted.unread) {
            await response.body?.cancel();
            return undefined as Answer;
        }
        const text = await response.text();
        return (text ? JSON.parse(text) : undefined) as Answer;
    } catch (problem) {
        if (problem instanceof SplunkError) throw problem;
        if (stop.signal.aborted) throw new SplunkError('timeout', 0, '', endpoint);
        // A page in place of JSON is Splunk Web's login after the session ended; everything else is the network.
        throw new SplunkError(problem instanceof SyntaxError ? 'session' : 'network', 0, '', endpoint);
    } finally {
        clearTimeout(timer);
    }
}

function headers(wanted: Call): HeadersInit {
    const defaults = createFetchInit({}).headers as Record<string, string>;
    return wanted.form ? { ...defaults, 'Content-Type': 'application/x-www-form-urlencoded' } : defaults;
}

async function sentence(response: Response): Promise<string> {
    try {
        const answer = (await response.json()) as { messages?: { text?: string }[] };
        return (answer.messages ?? []).map((message) => message.text ?? '').join(' ').trim();
    } catch {
        return '';
    }
}
