// How the page is laid out: measures and colours of Splunk's theme, nothing else.
import styled from 'styled-components';
import Heading from '@splunk/react-ui/Heading';
import variables from '@splunk/themes/variables';

export const Page = styled.div`
    color: ${variables.contentColorDefault};
    background: ${variables.backgroundColorPage};
    font-family: ${variables.fontFamily};
    font-size: ${variables.fontSize};
    line-height: ${variables.lineHeight};
    padding: ${variables.spacingXLarge};
    min-height: 70vh;
    box-sizing: border-box;
`;

export const Frame = styled.div`
    max-width: 1280px;
    margin: 0 auto;
    overflow-wrap: anywhere;
`;

export const Room = styled.section`
    padding: ${variables.spacingXLarge} 0;
`;

export const Title = styled(Heading)`
    margin: 0 0 ${variables.spacingSmall} 0;
`;

/** Between the fields of a dialog, which scroll, and its buttons: what is said there is always in sight. */
export const DialogNotes = styled.div`
    flex: 0 0 auto;
    padding: 0 ${variables.spacingXLarge};
    max-height: 30vh;
    overflow-y: auto;
    > div:not(:empty) {
        padding: ${variables.spacingSmall} 0;
    }
`;

export const Line = styled.div`
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: ${variables.spacingSmall};
`;

/** Buttons of a row, which stay beside each other. */
export const Actions = styled.div`
    display: flex;
    white-space: nowrap;
`;

export const Spread = styled(Line)`
    justify-content: space-between;
    margin-bottom: ${variables.spacingMedium};
`;

export const Stack = styled.div`
    display: flex;
    flex-direction: column;
    gap: ${variables.spacingMedium};
`;

export const Text = styled.p`
    margin: 0 0 ${variables.spacingMedium} 0;
    max-width: 80ch;
    color: ${variables.contentColorDefault};
`;

export const Quiet = styled.span`
    color: ${variables.contentColorDefault};
    font-weight: normal;
`;

export const Small = styled.div`
    color: ${variables.contentColorDefault};
    font-size: ${variables.fontSizeSmall};
    margin-top: ${variables.spacingXSmall};
    max-width: 80ch;
`;

export const Cards = styled.div`
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(280px, 1fr));
    gap: ${variables.spacingMedium};
    margin-bottom: ${variables.spacingXLarge};
`;

export const Card = styled.div`
    display: flex;
    flex-direction: column;
    gap: ${variables.spacingSmall};
    padding: ${variables.spacingLarge};
    border: 1px solid ${variables.neutral200};
    border-radius: ${variables.borderRadius};
    background: ${variables.backgroundColorSection};
`;

export const Grow = styled.div`
    flex: 1;
    min-width: 0;
`;

export const Scroll = styled.div`
    overflow-x: auto;
    margin-bottom: ${variables.spacingLarge};
    table {
        width: 100%;
    }
    td,
    th {
        vertical-align: top;
        text-align: left;
    }
`;

export const Mono = styled.code`
    font-family: ${variables.monoFontFamily};
    color: ${variables.contentColorActive};
`;

export const Steps = styled.ol`
    margin: 0 0 ${variables.spacingLarge} 0;
    padding-left: 2em;
    max-width: 80ch;
    li {
        margin-bottom: ${variables.spacingSmall};
    }
`;

export const Plain = styled.ul`
    margin: ${variables.spacingXSmall} 0 0 0;
    padding-left: 1.4em;
    li {
        margin-bottom: ${variables.spacingXSmall};
    }
`;

const MARKS = {
    good: variables.contentColorPositive,
    warning: variables.contentColorWarning,
    bad: variables.contentColorNegative,
    off: variables.contentColorMuted,
    unknown: variables.contentColorMuted,
} as const;

/** A coloured dot beside a word that says the same. */
export const Dot = styled.span<{ $mood: keyof typeof MARKS }>`
    display: inline-block;
    width: 0.65em;
    height: 0.65em;
    margin-right: 0.5em;
    border-radius: 50%;
    background: ${({ $mood }) => MARKS[$mood]};
`;
