// Who may set the app up, by the roles of default/authorize.conf and Splunk's own administrators.
import type { Me } from '../api/splunkd';

export const SETUP = 'slack_audit_setup';

/** What the parts of this page ask of Splunk; docs/roles.md says which part needs which. */
const NEEDED = [
    'list_inputs',
    'edit_modinput_slack_audit',
    'edit_storage_passwords',
    'schedule_search',
    'search',
    'output_file',
];

/** On Splunk Cloud nobody may change what a built-in role holds, so that its administrator is known by name. */
export function maySetUp(me: Me): boolean {
    return (
        me.capabilities.includes(SETUP) || me.capabilities.includes('admin_all_objects') || me.roles.includes('sc_admin')
    );
}

/** Capabilities that are missing although the user may set up: somebody has changed a role. */
export function missing(me: Me): string[] {
    return NEEDED.filter((name) => !me.capabilities.includes(name));
}
