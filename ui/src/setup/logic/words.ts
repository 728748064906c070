// Numbers and schedules as a person says them.

export function span(seconds: number): string {
    const whole = Math.max(0, Math.round(seconds));
    if (whole < 90) return `${whole} second${whole === 1 ? '' : 's'}`;
    if (whole < 90 * 60) return `${Math.round(whole / 60)} minutes`;
    if (whole < 48 * 3600) return `${Math.round(whole / 3600)} hours`;
    return `${Math.round(whole / 86_400)} days`;
}

export const number = (value: number): string => value.toLocaleString('en-US');

export const count = (value: number, one: string, many = `${one}s`): string =>
    `${number(value)} ${value === 1 ? one : many}`;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** The cron lines that this app uses, in words; any other line as it stands. */
export function cron(line: string): string {
    const [minute = '', hour = '', day, month, weekday = '', ...rest] = line.trim().split(/\s+/);
    if (rest.length || day !== '*' || month !== '*') return line;
    const step = /^(?:\*|\d+-59)\/(\d+)$/.exec(minute);
    if (step && hour === '*' && weekday === '*') return `every ${step[1]} minutes`;
    const listed = /^\d+(,\d+)+$/.test(minute);
    if (listed && hour === '*' && weekday === '*') return `${minute.split(',').length} times an hour`;
    if (!/^\d+$/.test(minute)) return line;
    if (hour === '*' && weekday === '*') return 'every hour';
    const hours = /^(?:\*|\d+-23)\/(\d+)$/.exec(hour);
    if (hours && weekday === '*') return `every ${hours[1]} hours`;
    if (!/^\d+$/.test(hour)) return line;
    const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
    if (weekday === '*') return `daily at ${time}`;
    if (weekday === '1-5') return `on working days at ${time}`;
    return /^[0-7]$/.test(weekday) ? `${DAYS[Number(weekday)]}s at ${time}` : line;
}
