// What this host is for: what splunkd says of itself, what is switched on here, what the admin says.

export type Role = 'both' | 'collect' | 'search';
export const ROLES: readonly Role[] = ['both', 'collect', 'search'];

export interface HostFacts {
    roles: string[];
    organisations: number;
    enabledAlerts: number;
}

export const isClusterMember = (roles: string[]): boolean =>
    roles.some((role) => role === 'shc_member' || role === 'shc_captain');

const forwards = (roles: string[]): boolean => roles.includes('heavyweight_forwarder');

/** A first answer, before anybody has said anything. */
export function likelyRole(facts: HostFacts): Role {
    if (isClusterMember(facts.roles)) return facts.organisations ? 'both' : 'search';
    if (forwards(facts.roles) && !facts.roles.includes('indexer') && !facts.enabledAlerts) return 'collect';
    return 'both';
}

export const collects = (role: Role): boolean => role !== 'search';
export const searches = (role: Role): boolean => role !== 'collect';

const KEY = 'slack_audit_monitor.host_role';

/** The role is kept in this browser: it decides what the page shows, not what Splunk does. */
export function keptRole(): Role | null {
    try {
        const kept = localStorage.getItem(KEY) as Role | null;
        return kept !== null && ROLES.includes(kept) ? kept : null;
    } catch {
        return null;
    }
}

export function keepRole(role: Role): void {
    try {
        localStorage.setItem(KEY, role);
    } catch {
        // A browser without storage asks again next time.
    }
}
