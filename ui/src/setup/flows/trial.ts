// Tries a connection without saving anything: an input and its secrets are made under a name of their own, Splunk has
// the input's script call Slack, and all of it is taken away again, whatever came out.
import * as splunkd from '../api/splunkd';
import { Form, SplunkError } from '../api/http';
import { explain } from '../explain';
import { Secrets, secretsOf, TRIAL } from '../logic/organisation';
import { tokenName } from '../logic/tokenName';
import { texts } from '../texts';

/** Once a year, and not at its start: the input of a trial is never run, enabled or not. */
const NEVER = '0 0 1 1 *';
/** Splunk Web waits 30 seconds for splunkd; a trial that takes longer would end without an answer. */
const SHORT: Form = { connect_timeout_seconds: '8', read_timeout_seconds: '12', answer_timeout_seconds: '20' };
const MARK = 'slack_audit_monitor.trial';

/** Something of a trial is still in Splunk; the page says so and offers to try again. */
export class LeftBehind extends Error {}

/** Asks Slack through Splunk. Returns warnings; throws SplunkError with the input's own sentence. */
export async function tryConnection(settings: Form, secrets: Secrets): Promise<string[]> {
    const made = new Made();
    mark(tokenName(TRIAL, settings));
    let found: { warnings: string[] } | { problem: unknown };
    try {
        found = { warnings: await ask(settings, secrets, made) };
    } catch (problem) {
        found = { problem };
    }
    const isClean = await cleanUp(made);
    if ('problem' in found) {
        if (isClean) throw found.problem;
        throw new LeftBehind(`${explain(found.problem).text} ${texts.trial.leftBehind(TRIAL)}`);
    }
    return isClean ? found.warnings : [...found.warnings, texts.trial.leftBehind(TRIAL)];
}

/** What a trial has made, or may have made, in Splunk. */
class Made {
    input = false;
    secrets: string[] = [];
}

async function ask(settings: Form, secrets: Secrets, made: Made): Promise<string[]> {
    await putSecrets(secretsOf(TRIAL, settings, secrets), made.secrets);
    const form = { ...settings, interval: NEVER, ...shortened(settings) };
    made.input = true;
    try {
        await splunkd.createOrganisation(TRIAL, form).catch(async (problem: unknown) => {
            if (!(problem instanceof SplunkError) || problem.kind !== 'exists') throw problem;
            await splunkd.removeOrganisation(TRIAL); // left by a trial whose browser was closed
            await splunkd.createOrganisation(TRIAL, form);
        });
    } catch (problem) {
        made.input = !isRefusal(problem);
        throw problem;
    }
    return advice(TRIAL);
}

/** Whether Splunk said no, so that nothing was made. */
const isRefusal = (problem: unknown): boolean => problem instanceof SplunkError && !problem.isUncertain;

function shortened(settings: Form): Form {
    return Object.fromEntries(
        Object.entries(SHORT).map(([name, most]) => [name, String(Math.min(Number(settings[name]) || 60, Number(most)))]),
    );
}

/** How the input says that it did not ask Slack (bin/slack_audit_monitor/modinput.py). */
const UNTRIED = 'The connection was not tried';

/** The outcome of a test that Splunk accepted, in words. */
export function tested(warnings: string[]): { type: 'success' | 'info' | 'warning'; text: string; items: string[] } {
    const words = texts.organisation;
    const isUntried = warnings.some((warning) => warning.startsWith(UNTRIED));
    if (isUntried) return { type: 'info', text: words.testUntried, items: warnings };
    return {
        type: warnings.length ? 'warning' : 'success',
        text: warnings.length ? `${words.testOk} ${words.warnings}` : words.testOk,
        items: warnings,
    };
}

/** What the connection test would have otherwise, as it stands in Splunk's message bar. */
export async function advice(organisation: string): Promise<string[]> {
    const start = `Slack Audit Monitor, input ${organisation}: `;
    const found = (await splunkd.messages()).filter(
        (message) => message.name.endsWith('-advice') && message.text.startsWith(start),
    );
    if (organisation === TRIAL) {
        for (const message of found) await splunkd.removeMessage(message.name).catch(() => undefined);
    }
    return found.map((message) => message.text.slice(start.length));
}

/** Stores a secret, whether there was one or not. */
export async function putSecret(name: string, password: string): Promise<void> {
    try {
        await splunkd.createSecret(name, password);
    } catch (problem) {
        if (!(problem instanceof SplunkError) || problem.kind !== 'exists') throw problem;
        await splunkd.replaceSecret(name, password);
    }
}

/** Stores several; `stored` holds the names of those that are stored, or may be, when it ends or throws. */
export async function putSecrets(secrets: [string, string][], stored: string[]): Promise<void> {
    for (const [name, text] of secrets) {
        stored.push(name);
        await putSecret(name, text).catch((problem: unknown) => {
            if (isRefusal(problem)) stored.pop();
            throw problem;
        });
    }
}

/** Takes everything away again; false when something may be left. */
async function cleanUp(made: Made): Promise<boolean> {
    const removals = made.secrets.map((name) => () => splunkd.removeSecret(name));
    if (made.input) removals.unshift(() => splunkd.removeOrganisation(TRIAL));
    const gone = await Promise.all(removals.map(isGone));
    if (!gone.every(Boolean)) return false;
    mark('');
    return true;
}

async function isGone(remove: () => Promise<void>): Promise<boolean> {
    try {
        await remove();
        return true;
    } catch (problem) {
        return problem instanceof SplunkError && problem.kind === 'missing';
    }
}

/** A trial that began so long ago is over, whatever became of its browser window. */
const LONGEST_MILLISECONDS = 150_000;

/** What this browser keeps of a trial: the time of its start and the name of its secret, nothing else. */
function marked(): { began: number; secret: string } | null {
    try {
        const [began, secret] = (localStorage.getItem(MARK) ?? '').split(' ');
        return began ? { began: Number(began), secret: secret?.startsWith(`${TRIAL}@`) ? secret : TRIAL } : null;
    } catch {
        return null;
    }
}

/** Whether a trial of this browser ended without its cleaning up. */
export function isPending(): boolean {
    const trial = marked();
    return trial !== null && Date.now() - trial.began > LONGEST_MILLISECONDS;
}

function mark(secret: string): void {
    try {
        if (secret) localStorage.setItem(MARK, `${Date.now()} ${secret}`);
        else localStorage.removeItem(MARK);
    } catch {
        // Without storage, what is left is found by its input alone.
    }
}

const SECOND_LOOK_MILLISECONDS = 3_000;

/** Whether something of a trial is in Splunk that no window is busy with: a trial's input lives for a second. */
export async function isLeft(): Promise<boolean> {
    const isThere = async (): Promise<boolean> =>
        (await splunkd.organisations()).some((organisation) => organisation.name === TRIAL);
    if (isPending()) return true;
    if (!(await isThere())) return false;
    await new Promise((done) => setTimeout(done, SECOND_LOOK_MILLISECONDS));
    return isThere();
}

/** Takes away what an earlier trial left; false when that fails again. */
export async function tidy(): Promise<boolean> {
    const left = new Made();
    const input = (await splunkd.organisations()).find((organisation) => organisation.name === TRIAL);
    left.input = input !== undefined;
    const tokens = [TRIAL, marked()?.secret ?? TRIAL, tokenName(TRIAL, input?.settings ?? {})];
    left.secrets = [...new Set(tokens), `${TRIAL}.proxy`];
    return cleanUp(left);
}
