// The form of an organisation: what it holds, what can be said of it before Splunk is asked.
import type { Form } from '../api/http';
import { settings as shipped, ShippedSetting } from '../shipped';
import { texts } from '../texts';
import { tokenName } from './tokenName';

export type TokenKind = 'token' | 'rotating';

/** Everything secret of the form, and nothing else: cleared as one after each save. */
export interface Secrets {
    kind: TokenKind;
    token: string;
    clientId: string;
    clientSecret: string;
    refreshToken: string;
    accessToken: string;
    proxyUser: string;
    proxyPassword: string;
}

export const NO_SECRETS: Secrets = {
    kind: 'token',
    token: '',
    clientId: '',
    clientSecret: '',
    refreshToken: '',
    accessToken: '',
    proxyUser: '',
    proxyPassword: '',
};

/** Setting or secret -> what is wrong with it. */
export type Complaints = Record<string, string>;

/** Name of the input that exists while a connection is tried, and never otherwise. */
export const TRIAL = 'setup-test';

export const defaults = (): Form => Object.fromEntries(shipped.map((setting) => [setting.name, setting.default]));

/** The settings of a saved organisation that the form shows. */
export function shownSettings(stored: Form): Form {
    return Object.fromEntries(shipped.map((setting) => [setting.name, stored[setting.name] ?? setting.default]));
}

// As bin/slack_audit_monitor/names.py has them.
// eslint-disable-next-line no-control-regex
const PLAIN = /^[^\x00-\x1f\x7f-\x9f\ufeff:/\\*?"<>|[\]]{1,100}$/u;
/** A browser takes dots out of an address, and splunkd reads %2F as a slash: nothing could change such an input. */
const UNADDRESSED = /^\.\.?$|%2f/i;

/** What is wrong with the name of a new organisation. */
export function checkName(name: string, taken: readonly string[]): string | null {
    const words = texts.organisation.complaints;
    if (!name.trim()) return words.nameMissing;
    if (!PLAIN.test(name) || name !== name.trim()) return words.name;
    if (UNADDRESSED.test(name)) return words.nameUnaddressed;
    if (name === TRIAL || /^digest_|@|\.(proxy|renewed)$/.test(name)) return words.nameReserved;
    if (taken.includes(name)) return words.nameTaken(name);
    return null;
}

const WRONG_KINDS: Record<string, keyof typeof texts.organisation.complaints.kinds> = {
    'xoxb-': 'bot',
    'xoxe.xoxb-': 'bot',
    'xoxe-': 'refresh',
    'xapp-': 'app',
    'xoxa-': 'workspace',
    'xoxc-': 'browser',
    'xoxd-': 'browser',
    'xoxs-': 'session',
};

/** What is wrong with a token by its looks. */
export function checkToken(token: string): string | null {
    const words = texts.organisation.complaints;
    for (const [prefix, kind] of Object.entries(WRONG_KINDS)) {
        if (token.startsWith(prefix)) return words.wrongKind(words.kinds[kind]);
    }
    return /^[\x21-\x7e]+$/.test(token) ? null : words.tokenSigns;
}

export function checkSecrets(secrets: Secrets, isNeeded: boolean): Complaints {
    const words = texts.organisation.complaints;
    const found: Complaints = {};
    const say = (field: string, problem: string | null): void => {
        if (problem) found[field] = problem;
    };
    if (secrets.kind === 'token') {
        if (secrets.token.trim()) say('token', checkToken(secrets.token.trim()));
        else if (isNeeded) say('token', words.tokenMissing);
    } else {
        for (const field of ['clientId', 'clientSecret', 'refreshToken'] as const) {
            if (!secrets[field].trim() && (isNeeded || hasSecret(secrets))) say(field, words.needed);
        }
        if (secrets.accessToken.trim()) say('accessToken', checkToken(secrets.accessToken.trim()));
    }
    if (!!secrets.proxyUser !== !!secrets.proxyPassword) {
        say(secrets.proxyUser ? 'proxyPassword' : 'proxyUser', words.proxyPair);
    } else if (secrets.proxyUser.includes(':')) say('proxyUser', words.proxyColon);
    return found;
}

/** Whether a token or pair was typed. */
export function hasSecret(secrets: Secrets): boolean {
    return secrets.kind === 'token'
        ? !!secrets.token.trim()
        : [secrets.clientId, secrets.clientSecret, secrets.refreshToken, secrets.accessToken].some((one) => one.trim());
}

/** The text to store, in the form that bin/slack_audit_monitor/credentials.py reads. */
export function secretText(secrets: Secrets): string {
    if (secrets.kind === 'token') return secrets.token.trim();
    return JSON.stringify({
        client_id: secrets.clientId.trim(),
        client_secret: secrets.clientSecret.trim(),
        refresh_token: secrets.refreshToken.trim(),
        ...(secrets.accessToken.trim() ? { access_token: secrets.accessToken.trim() } : {}),
    });
}

export const proxyText = (secrets: Secrets): string =>
    secrets.proxyUser ? `${secrets.proxyUser}:${secrets.proxyPassword}` : '';

/** What was typed, as names and texts to store. */
export function secretsOf(organisation: string, settings: Form, secrets: Secrets): [string, string][] {
    const proxy = proxyText(secrets);
    return [
        ...(hasSecret(secrets) ? [[tokenName(organisation, settings), secretText(secrets)] as [string, string]] : []),
        ...(proxy ? [[`${organisation}.proxy`, proxy] as [string, string]] : []),
    ];
}

export function checkSettings(values: Form): Complaints {
    const found: Complaints = {};
    for (const setting of shipped) {
        const problem = settingProblem(setting, (values[setting.name] ?? '').trim());
        if (problem) found[setting.name] = problem;
    }
    return found;
}

const CRON_FIELD = '(?:\\*|\\d+(?:-\\d+)?)(?:/\\d+)?(?:,(?:\\*|\\d+(?:-\\d+)?)(?:/\\d+)?)*';
const CRON = new RegExp(`^${CRON_FIELD}(?:\\s+${CRON_FIELD}){4}$`);

function settingProblem(setting: ShippedSetting, value: string): string | null {
    const words = texts.organisation.complaints;
    if (setting.name === 'index') return /^[a-z0-9][a-z0-9_-]*$/.test(value) ? null : words.index;
    if (setting.name === 'interval') {
        const seconds = Number(value);
        return CRON.test(value) || (value !== '' && seconds >= 10 && seconds <= 604_800) ? null : words.interval;
    }
    if (value === '') return null; // stands for its default
    if (setting.low !== null && setting.high !== null) {
        const isWhole = /^\d{1,9}$/.test(value);
        return isWhole && Number(value) >= setting.low && Number(value) <= setting.high
            ? null
            : words.number(setting.low, setting.high);
    }
    return null; // Splunk asks the input itself, which knows the rest
}

/** `setting: sentence`, as the input refuses, sorted to its field. */
export function placed(said: string): { field: string; text: string } {
    // splunkd may put its own words before the input's sentence.
    const sentence = said.replace(/^.*?Argument validation for scheme=\S+?:\s*/s, '').trim();
    const parts = /^([a-z_]+): (.*)$/s.exec(sentence);
    const known = new Set(['name', 'token', ...shipped.map((setting) => setting.name)]);
    return parts && known.has(parts[1]!)
        ? { field: parts[1]!, text: capital(parts[2]!) }
        : { field: '', text: sentence };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
