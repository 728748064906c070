import { getDefaultFetchInit } from '@splunk/splunk-utils/fetch';
import { createRESTURL } from '@splunk/splunk-utils/url';

/** An answer that is no success, in splunkd's words. */
export class RestError extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

export type Parameters = Record<string, string | number>;

/** Calls splunkd through Splunk Web, as Splunk's own pages do. */
export async function rest<T>(
    endpoint: string,
    app: string,
    options: { method?: 'GET' | 'POST' | 'DELETE'; query?: Parameters; form?: Parameters } = {},
): Promise<T> {
    const init = getDefaultFetchInit();
    const query = new URLSearchParams({ output_mode: 'json' });
    for (const [name, value] of Object.entries(options.query ?? {})) query.set(name, String(value));
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(options.form ?? {})) form.set(name, String(value));
    const answer = await fetch(`${createRESTURL(endpoint, { app, owner: 'nobody' })}?${query}`, {
        ...init,
        method: options.method ?? 'GET',
        ...(options.form ? { body: form } : {}),
        headers: {
            ...(init.headers as Record<string, string>),
            ...(options.form ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
        },
    });
    if (answer.status === 204) return undefined as T;
    const text = await answer.text();
    let body: unknown;
    try {
        body = JSON.parse(text);
    } catch {
        body = undefined;
    }
    if (!answer.ok) {
        const said = (body as { messages?: { text: string }[] } | undefined)?.messages?.[0]?.text;
        throw new RestError(answer.status, said ?? `Splunk answered with status ${answer.status}.`);
    }
    return body as T;
}

export interface Feed<T> {
    entry: { name: string; content: T; published?: string }[];
    paging?: { total: number };
}
