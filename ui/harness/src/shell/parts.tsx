import type { ReactNode } from 'react';
import styled from 'styled-components';

import Heading from '@splunk/react-ui/Heading';
import Link from '@splunk/react-ui/Link';
import variables from '@splunk/themes/variables';

/** The head of a page of Splunk's own. */
export function Title({ children, more, id }: { children: ReactNode; more?: string | undefined; id?: string }) {
    return (
        <>
            <Heading level={1} id={id} style={{ margin: '0 0 8px' }}>
                {children}
            </Heading>
            {more ? <p style={{ margin: '0 0 16px' }}>{more}</p> : null}
        </>
    );
}

/** A text that anybody may have written: no markup, no direction for what stands beside it, never wider than its place. */
export const Foreign = styled.bdi`
    display: inline;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
`;

export const Raw = styled.div`
    max-height: 14em;
    overflow: auto;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
    unicode-bidi: isolate;
    font: 12px/1.5 'DejaVu Sans Mono', Menlo, Consolas, monospace;
    &:focus-visible {
        outline: 2px solid ${variables.focusColor};
    }
`;

const COLORS = ['#5c6773', '#5c6773', '#2b7de0', '#1a8929', '#8a6d00', '#b35d00', '#c3261f'];
const NAMES = ['', 'Debug', 'Info', 'Low', 'Medium', 'High', 'Critical'];

export function Severity({ number }: { number: number }) {
    return (
        <span style={{ whiteSpace: 'nowrap' }}>
            <span
                aria-hidden="true"
                style={{
                    display: 'inline-block',
                    width: 10,
                    height: 10,
                    marginRight: 6,
                    borderRadius: '50%',
                    background: COLORS[number] ?? COLORS[0],
                }}
            />
            {NAMES[number] ?? String(number)}
        </span>
    );
}

/** 2026-03-30 16:54:00, in universal time as splunkd's stand-in has it. */
export function moment(iso: string): string {
    return iso.slice(0, 19).replace('T', ' ');
}

export { Link };
