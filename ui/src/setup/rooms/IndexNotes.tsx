// Says when the alerts do not look where an organisation's entries go, and mends it.
import { ReactElement, useState } from 'react';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import { useLoaded } from '../parts/hooks';
import { Stack } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { texts } from '../texts';

const MACRO = 'slack_audit_index';
const words = texts.organisation;

interface Props {
    organisations: splunkd.Organisation[];
    onNote: (note: Note) => void;
}

/** Whether the macro's definition covers an index; wildcards count as Splunk reads them. */
export function covers(definition: string, index: string): boolean {
    const named = [...definition.matchAll(/\bindex\s*(?:=|IN\s*\()\s*([^)]*)/gi)].flatMap((match) =>
        (match[1] ?? '').split(/\s+(?:OR|AND)\s+|[\s,]+/i),
    );
    return named
        .map((name) => name.replace(/^index\s*=\s*/i, '').replace(/"/g, ''))
        .some((name) => name !== '' && wildcard(name).test(index));
}

const wildcard = (name: string): RegExp =>
    new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`);

export function IndexNotes({ organisations, onNote }: Props): ReactElement {
    const macros = useLoaded(splunkd.macros);
    const [busy, setBusy] = useState(false);
    const definition = macros.value?.[MACRO]?.definition;
    if (definition === undefined) return <></>;
    const missing = organisations.filter((one) => !covers(definition, one.settings.index ?? 'slack_audit'));

    const add = async (index: string): Promise<void> => {
        setBusy(true);
        try {
            await splunkd.setMacro(MACRO, `(${definition} OR index="${index}")`);
            onNote({ type: 'success', text: words.indexAdded(index) });
            await macros.reload();
        } catch (problem) {
            onNote({ type: 'error', text: explain(problem).text });
        }
        setBusy(false);
    };
    return (
        <Stack>
            {missing.map((one) => {
                const index = one.settings.index ?? '';
                return (
                    <Notes
                        key={one.name}
                        note={{
                            type: 'warning',
                            text: words.indexUnsearched(index, one.name),
                            ...(busy
                                ? {}
                                : { action: { label: words.searchIndexToo(index), run: () => void add(index) } }),
                        }}
                    />
                );
            })}
        </Stack>
    );
}
