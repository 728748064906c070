/** What the server says about the page, as JSON in the document. */
export interface NavItem {
    label: string;
    href?: string;
    here?: boolean;
    items?: NavItem[];
}

export type Theme = 'light' | 'dark';

export interface Page {
    app: string;
    appLabel: string;
    title: string;
    description: string;
    color: string;
    user: string;
    theme: Theme;
    nav: NavItem[];
    /** Path in front of every page: `/en-US`. */
    root: string;
    /** Of a Dashboard Studio view. */
    definition?: Record<string, unknown>;
    view?: string;
    /** Of a list. */
    list?: 'dashboards' | 'alerts' | 'reports';
    views?: { name: string; label: string; description: string }[];
    /** Of the page to sign in. */
    returnTo?: string;
    problem?: string;
}

export function readPage(): Page {
    const holder = document.getElementById('page');
    if (!holder?.textContent) throw new Error('The document says nothing about the page.');
    return JSON.parse(holder.textContent) as Page;
}
