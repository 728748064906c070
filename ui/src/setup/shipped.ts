// What the app says as shipped: written at build time by tools/setup_catalogue.py from the confs, specs and docs.
import catalogue from '../../generated/shipped.json';

export interface ShippedSetting {
    name: string;
    title: string;
    default: string;
    help: string[];
    simple: boolean;
    low: number | null;
    high: number | null;
}

export interface ShippedAlert {
    name: string;
    section: string;
    /** Macros that tune it, its exceptions last. */
    macros: string[];
}

export interface Column {
    name: string;
    kind: string;
}

export interface ShippedLookup {
    name: string;
    columns: Column[];
    meaning: string;
    rows: string[][];
    /** Kept in the KV store, not in a file. */
    inStore: boolean;
}

export const version: string = catalogue.version;
export const settings: ShippedSetting[] = catalogue.settings;
export const macroDefaults: Record<string, string> = catalogue.macros;
export const alerts: ShippedAlert[] = catalogue.alerts;
export const lookups: ShippedLookup[] = catalogue.lookups;

const tuned = new Set(alerts.flatMap((alert) => alert.macros));
/** Macros of the whole site: not those of single alerts. */
export const siteMacros: string[] = Object.keys(macroDefaults).filter((name) => !tuned.has(name));
