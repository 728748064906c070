// Whether a text is an address range, by the rules of Python's ipaddress.ip_network(text, strict=False).

export function isNetwork(text: string): boolean {
    const [address, prefix, ...rest] = text.split('/');
    if (rest.length || address === undefined) return false;
    if (isIpv4(address)) return prefix === undefined || isPrefix(prefix, 32) || isIpv4Mask(prefix);
    return isIpv6(address) && (prefix === undefined || isPrefix(prefix, 128));
}

function isPrefix(text: string, most: number): boolean {
    return /^\d{1,4}$/.test(text) && Number(text) <= most;
}

function octets(text: string): number[] | null {
    const parts = text.split('.');
    if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
        return null;
    }
    return parts.map(Number);
}

const isIpv4 = (text: string): boolean => octets(text) !== null;

/** 255.255.255.0, or the reverse of one, 0.0.0.255. */
function isIpv4Mask(text: string): boolean {
    const found = octets(text);
    if (found === null) return false;
    const bits = found.map((part) => part.toString(2).padStart(8, '0')).join('');
    return /^(1*0*|0*1*)$/.test(bits);
}

function isIpv6(text: string): boolean {
    const [plain, scope, ...rest] = text.split('%');
    if (plain === undefined || rest.length || scope === '') return false;
    let groups = plain;
    const last = plain.slice(plain.lastIndexOf(':') + 1);
    if (last.includes('.')) {
        if (!isIpv4(last)) return false;
        groups = `${plain.slice(0, -last.length)}0:0`;
    }
    const halves = groups.split('::');
    if (halves.length > 2) return false;
    const parts = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
    if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return false;
    return halves.length === 2 ? parts.length <= 7 : parts.length === 8;
}
