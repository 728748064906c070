// Under which name a token is stored: its organisation's, or one that names the relay's host, so that whoever changes
// `api_url` gets no token sent elsewhere. As bin/slack_audit_monitor/settings.py has it (`secret_name`).
import type { Form } from '../api/http';

const SLACKS = ['api.slack.com', 'slack.com', 'api.slack-gov.com', 'slack-gov.com'];
const THIS_MACHINE = /^(localhost|::1|127(\.\d{1,3}){3})$/;

/** Host of a relay, "" when Slack itself or this machine is called. */
export function relayOf(settings: Form): string {
    const found = /^https?:\/\/(?:\[([^\]]+)\]|([^/:?#@[\]]+))(?:[:/?#]|$)/i.exec((settings.api_url ?? '').trim());
    const host = (found?.[1] ?? found?.[2] ?? '').toLowerCase();
    return SLACKS.includes(host) || THIS_MACHINE.test(host) ? '' : host;
}

export function tokenName(organisation: string, settings: Form): string {
    const relay = relayOf(settings);
    return relay ? `${organisation}@${relay.replace(/:/g, '_')}` : organisation;
}

/** Every secret that an organisation with these settings may have. */
export function secretNames(organisation: string, settings: Form): string[] {
    const tokens = [...new Set([organisation, tokenName(organisation, settings)])];
    // A proxy's password may be stored although no proxy is set any more, and a pair may have been renewed.
    return [...tokens, ...tokens.map((name) => `${name}.renewed`), `${organisation}.proxy`];
}

/** The organisation whose secret this is. */
export const ownerOf = (secret: string): string => secret.replace(/@.*$|\.(proxy|renewed)$/, '');
