/** Tokens in the address: `form.<name>` presets an input, as in Splunk Web. */
type Binding = Record<string, Record<string, string | string[] | null>>;

interface Definition {
    inputs?: Record<string, { options?: { token?: string } }>;
}

export function tokensOfAddress(query: string): Binding {
    const tokens: Record<string, string> = {};
    for (const [name, value] of new URLSearchParams(query)) {
        if (name.startsWith('form.')) tokens[name.slice('form.'.length)] = value;
    }
    return { default: tokens };
}

/** Writes what the inputs hold into the address, so that it can be passed on and the way back leads to it. */
export function writeTokens(definition: Definition, binding: Binding): void {
    const ours = Object.values(definition.inputs ?? {}).map((input) => input.options?.token);
    const address = new URL(window.location.href);
    for (const name of [...address.searchParams.keys()]) {
        if (name.startsWith('form.')) address.searchParams.delete(name);
    }
    for (const [name, value] of Object.entries(binding.default ?? {})) {
        const input = name.replace(/\.(earliest|latest)$/, '');
        if (!ours.includes(input) || value === null || value === undefined) continue;
        for (const one of Array.isArray(value) ? value : [value]) address.searchParams.append(`form.${name}`, one);
    }
    window.history.replaceState(null, '', address);
}
