/** Splunk's own JSON schema of a dashboard, for tests: what its components accept, panel by panel. No page. */
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import EnterprisePreset from '@splunk/dashboard-presets/EnterprisePreset';

/** Draft 7, as text. */
export const schema = (): string => JSON.stringify(createSchemaBasedOnPresets(EnterprisePreset as never));
