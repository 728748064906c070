/**
 * Drilldowns that Splunk Enterprise has and its published presets lack: to a dashboard and to a search. Which event
 * and field they act on is decided as Splunk's own CustomUrlDrilldown does.
 */
import { COMMON_EVENT_HANDLER_CAPABILITIES } from '@splunk/dashboard-utils';

export interface VizEvent {
    type?: string;
    payload?: unknown;
}

interface TokenOption {
    token: string;
    value: string;
}

interface Options {
    app?: string;
    dashboard?: string;
    tokens?: TokenOption[];
    query?: string;
    earliest?: string;
    latest?: string;
    newTab?: boolean;
    events?: string[];
    fields?: string[];
}

interface LinkAction {
    type: 'linkTo';
    payload: { url: string; newTab: boolean | undefined };
}

/** Set once by the page: where links lead to, and the app of a link that names none. */
export const site = { root: '', app: '' };

/** `row.user.value` of the click, or the text itself where a token was already put in. */
function valueOf(wanted: string, event: VizEvent): string {
    const name = wanted.replace(/^\$(.*)\$$/, '$1');
    const found = (event.payload as Record<string, unknown> | undefined)?.[name];
    if (found === undefined || found === null) return /^(row|click|value|name)\b/.test(name) ? '' : wanted;
    return Array.isArray(found) ? String(found[0]) : String(found);
}

abstract class Drilldown {
    static capabilities = COMMON_EVENT_HANDLER_CAPABILITIES;

    constructor(protected readonly options: Options = {}) {}

    canHandle = (event: VizEvent): boolean => {
        const accepts = (list: string[] | undefined, value: unknown) =>
            !list?.length || list.includes('any') || list.includes(String(value));
        return (
            (event.type ?? '').endsWith('.click') &&
            accepts(this.options.events, event.type) &&
            accepts(this.options.fields, (event.payload as Record<string, unknown> | undefined)?.name)
        );
    };

    handle = (event: VizEvent): Promise<LinkAction[]> =>
        Promise.resolve([{ type: 'linkTo', payload: { url: this.url(event), newTab: this.options.newTab } }]);

    protected abstract url(event: VizEvent): string;
}

export class LinkToDashboard extends Drilldown {
    protected url(event: VizEvent): string {
        const { app = site.app, dashboard = '', tokens = [] } = this.options;
        const query = new URLSearchParams();
        for (const { token, value } of tokens) {
            query.set(token.startsWith('form.') ? token : `form.${token}`, valueOf(value, event));
        }
        const path = `${site.root}/app/${encodeURIComponent(app)}/${encodeURIComponent(dashboard)}`;
        return tokens.length ? `${path}?${query}` : path;
    }
}

export class LinkToSearch extends Drilldown {
    protected url(): string {
        const { query = '', earliest, latest } = this.options;
        const parameters = new URLSearchParams({ q: query });
        if (earliest) parameters.set('earliest', earliest);
        if (latest) parameters.set('latest', latest);
        return `${site.root}/app/${site.app}/search?${parameters}`;
    }
}
