// The manifest of the Slack app that gives the token: Slack's page "Create an app > From a manifest" takes it.

export const MANIFEST = {
    _metadata: { major_version: 2 },
    display_information: {
        name: 'Audit log collector for Splunk',
        description: 'Reads the audit log of this organisation for Splunk. It can do nothing else.',
    },
    features: { bot_user: { display_name: 'audit-log-collector', always_online: false } },
    oauth_config: { scopes: { user: ['auditlogs:read'], bot: ['team:read'] } },
    settings: { org_deploy_enabled: true, socket_mode_enabled: false, token_rotation_enabled: false },
};

export type Rotation = 'fixed' | 'rotating';

/** Slack wants an address to come back to as soon as tokens rotate; nothing has to answer there. */
export function manifestText(rotation: Rotation): string {
    const rotates = rotation === 'rotating';
    const scopes = MANIFEST.oauth_config.scopes;
    return JSON.stringify(
        {
            ...MANIFEST,
            oauth_config: rotates ? { redirect_urls: ['https://localhost/'], scopes } : { scopes },
            settings: { ...MANIFEST.settings, token_rotation_enabled: rotates },
        },
        null,
        2,
    );
}
