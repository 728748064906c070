// Add, edit, rotate, remove: several calls to Splunk that must look like one, or say where they stopped.
import * as splunkd from '../api/splunkd';
import { Form, SplunkError } from '../api/http';
import { explain, FlowProblem } from '../explain';
import { proxyText, Secrets, secretsOf, secretText } from '../logic/organisation';
import { ownerOf, secretNames, tokenName } from '../logic/tokenName';
import { texts } from '../texts';
import { advice, putSecret, putSecrets, tryConnection } from './trial';

const words = texts.flows;

async function exists(name: string): Promise<boolean> {
    return (await splunkd.organisations()).some((organisation) => organisation.name === name);
}

/** Stores the secrets, makes the input, and takes the secrets back when Splunk refuses the input. */
export async function add(name: string, settings: Form, secrets: Secrets, enabled: boolean): Promise<string[]> {
    if (await exists(name)) throw new FlowProblem('name', texts.organisation.complaints.nameTaken(name));
    const stored: string[] = [];
    try {
        await putSecrets(secretsOf(name, settings, secrets), stored);
        await splunkd.createOrganisation(name, settings);
    } catch (problem) {
        if (!(problem instanceof SplunkError) || !problem.isUncertain || !(await isThere(name, problem, stored))) {
            await takeBack(stored, problem);
        }
    }
    if (!enabled) await switchOff(name);
    await splunkd.markConfigured().catch(() => undefined); // the page asks again in its heading
    return advice(name).catch(() => []);
}

const LOOKS = 5;
const BETWEEN_LOOKS_MILLISECONDS = 4_000;

/**
 * After an answer that never came: asks whether Splunk did it all the same. Splunk Web gives up on splunkd before
 * splunkd gives up on Slack, so after a timeout it may still come. Throws when nobody can tell.
 */
async function isThere(name: string, problem: SplunkError, stored: string[]): Promise<boolean> {
    try {
        for (let look = 1; ; look += 1) {
            if (await exists(name)) return true;
            if (problem.kind === 'network' || look === LOOKS) return false;
            await new Promise((done) => setTimeout(done, BETWEEN_LOOKS_MILLISECONDS));
        }
    } catch {
        throw new FlowProblem('', `${explain(problem).text} ${words.unknown(name)}`, stored);
    }
}

/** Removes what was stored before something else failed, and throws what failed. */
async function takeBack(stored: string[], cause: unknown): Promise<never> {
    const told = explain(cause);
    if (cause instanceof SplunkError && cause.kind === 'exists') {
        // Somebody added it in the same moment: the secret is theirs now, and ours replaced it.
        throw new FlowProblem('name', words.raced);
    }
    const left: string[] = [];
    for (const secret of stored) {
        await splunkd.removeSecret(secret).catch((problem: unknown) => {
            if (!(problem instanceof SplunkError) || problem.kind !== 'missing') left.push(secret);
        });
    }
    throw new FlowProblem(told.field, left.length ? `${told.text} ${words.secretLeft}` : told.text, left);
}

/** Switches an organisation on or off. After an answer that never came it asks whether Splunk did so all the same. */
export async function turn(name: string, on: boolean): Promise<void> {
    try {
        await splunkd.switchOrganisation(name, on);
    } catch (problem) {
        if (!(problem instanceof SplunkError) || !problem.isUncertain) throw problem;
        const present = await splunkd.organisations().catch(() => {
            throw new FlowProblem('', `${explain(problem).text} ${words.unknownSwitch(name, on)}`);
        });
        if (!present.some((organisation) => organisation.name === name && organisation.disabled !== on)) throw problem;
    }
}

async function switchOff(name: string): Promise<void> {
    await turn(name, false).catch((problem: unknown) => {
        throw new FlowProblem('', words.savedButOn(explain(problem).text));
    });
}

/** Removes secrets that an earlier step had to leave, unless an organisation needs them: what was not known then may be now. */
export async function removeLeftovers(names: string[]): Promise<void> {
    const owners = new Set(names.map(ownerOf));
    const owner = (await splunkd.organisations()).find((organisation) => owners.has(organisation.name));
    if (owner) throw new FlowProblem('', words.notLeftOver(owner.name));
    for (const name of names) {
        try {
            await splunkd.removeSecret(name);
        } catch (problem) {
            if (!(problem instanceof SplunkError) || problem.kind !== 'missing') throw problem;
        }
    }
}

/** Saves settings; Splunk tries the connection with the stored token first and changes nothing when it fails. */
export async function edit(name: string, settings: Form, secrets: Secrets): Promise<string[]> {
    const proxy = proxyText(secrets);
    try {
        if (proxy) await putSecret(`${name}.proxy`, proxy);
        await splunkd.editOrganisation(name, settings);
    } catch (problem) {
        const told = explain(problem);
        throw new FlowProblem(told.field, proxy ? `${told.text} ${words.proxyStored}` : told.text);
    }
    return advice(name).catch(() => []);
}

/** The same settings again: Splunk tries the connection as they are stored. */
export async function test(name: string, settings: Form): Promise<string[]> {
    try {
        await splunkd.editOrganisation(name, settings);
    } catch (problem) {
        const told = explain(problem);
        throw new FlowProblem(told.field, told.text);
    }
    return advice(name).catch(() => []);
}

/** Tries the new token beside the old one, replaces it, and tries once more as stored. */
export async function rotate(name: string, settings: Form, secrets: Secrets): Promise<string[]> {
    try {
        await tryConnection(settings, secrets);
    } catch (problem) {
        const told = explain(problem);
        throw new FlowProblem(told.field || 'token', `${told.text} ${words.oldTokenStays}`);
    }
    try {
        const secret = tokenName(name, settings);
        await splunkd.replaceSecret(secret, secretText(secrets)).catch(async (problem: unknown) => {
            if (!(problem instanceof SplunkError) || problem.kind !== 'missing') throw problem;
            await splunkd.createSecret(secret, secretText(secrets));
        });
    } catch (problem) {
        const told = explain(problem);
        const isUnsure = problem instanceof SplunkError && problem.isUncertain;
        throw new FlowProblem('token', `${told.text} ${isUnsure ? words.tokenUnsure : words.oldTokenStays}`);
    }
    try {
        await splunkd.editOrganisation(name, settings);
    } catch (problem) {
        throw new FlowProblem('', words.storedNotTried(explain(problem).text));
    }
    return advice(name).catch(() => []);
}

/** Removes an organisation and its secrets. Throws FlowProblem with what is left. */
export async function remove(name: string, settings: Form): Promise<void> {
    const secrets = secretNames(name, settings);
    try {
        await splunkd.removeOrganisation(name);
    } catch (problem) {
        const { text } = explain(problem);
        if (!(problem instanceof SplunkError)) throw new FlowProblem('', words.notRemoved(name, text));
        const isThere = problem.kind !== 'missing' && (!problem.isUncertain || (await isStillThere(name, text, secrets)));
        if (isThere) throw new FlowProblem('', words.notRemoved(name, text));
    }
    const left: string[] = [];
    let said = '';
    for (const secret of secrets) {
        await splunkd.removeSecret(secret).catch((problem: unknown) => {
            if (problem instanceof SplunkError && problem.kind === 'missing') return;
            left.push(secret);
            said = explain(problem).text;
        });
    }
    if (left.length) throw new FlowProblem('', words.removedButSecret(name, said), left);
}

/** After an answer that never came: asks whether it is there all the same. Throws when nobody can tell. */
async function isStillThere(name: string, said: string, secrets: string[]): Promise<boolean> {
    try {
        return await exists(name);
    } catch {
        throw new FlowProblem('', `${said} ${words.unknownRemoval(name)}`, secrets);
    }
}
