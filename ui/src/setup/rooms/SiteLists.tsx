// The lists of site knowledge: one is chosen, read, edited or uploaded, checked, written and read back.
import { ReactElement, useRef, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import WaitSpinner from '@splunk/react-ui/WaitSpinner';
import { explain } from '../explain';
import * as flows from '../flows/siteLists';
import { checkFile, checkRows } from '../logic/siteLookups';
import { writeCsv } from '../logic/csv';
import { isTooLong } from '../logic/spl';
import { Choice } from '../parts/Choice';
import { useLoaded } from '../parts/hooks';
import { Line, Mono, Quiet, Stack, Text, Title } from '../parts/layout';
import { Note, Notes } from '../parts/Notes';
import { RowEditor } from '../parts/RowEditor';
import { lookups, ShippedLookup } from '../shipped';
import { texts } from '../texts';

const words = texts.siteLists;
/** More rows than this are looked at elsewhere. */
const MOST_TO_EDIT = 200;

const titleOf = (name: string): string => name.replace(/^slack_audit_/, '').replace(/_/g, ' ');

export function SiteLists(): ReactElement {
    const [chosen, setChosen] = useState(lookups[0]!.name);
    const list = lookups.find((one) => one.name === chosen) ?? lookups[0]!;
    return (
        <>
            <Title level={2}>{words.heading}</Title>
            <Text>{words.intro}</Text>
            <div style={{ display: 'grid', gridTemplateColumns: 'minmax(180px, 240px) 1fr', gap: 32 }}>
                <Choice
                    label={words.choose}
                    name="list"
                    value={chosen}
                    options={lookups.map((one) => [one.name, titleOf(one.name)] as const)}
                    onChange={setChosen}
                    style={{ margin: 0 }}
                />
                <div style={{ minWidth: 0 }}>
                    <SiteList key={list.name} list={list} />
                </div>
            </div>
        </>
    );
}

function SiteList({ list }: { list: ShippedLookup }): ReactElement {
    const stored = useLoaded(() => flows.read(list));
    const [draft, setDraft] = useState<flows.Rows | null>(null);
    const [note, setNote] = useState<Note | null>(null);
    const [busy, setBusy] = useState(false);
    const chooser = useRef<HTMLInputElement | null>(null);

    const rows = draft ?? stored.value ?? [];
    const isChanged = draft !== null;
    const names = list.columns.map((column) => column.name);
    const title = titleOf(list.name);

    const edit = (changed: flows.Rows): void => {
        setDraft(changed);
        setNote(null);
    };
    const write = async (wanted: flows.Rows, said: string, before: flows.Rows | null): Promise<void> => {
        setBusy(true);
        setNote({ type: 'info', text: words.saving });
        const undo = before && {
            label: texts.undo,
            run: () => void write(before, words.undone(title), null),
        };
        try {
            const written = await flows.write(list, wanted);
            stored.change(() => written.rows);
            setDraft(null);
            setNote({
                type: written.problems.length ? 'warning' : 'success',
                text: written.problems.length ? words.checkFailed(written.problems.length) : said,
                items: written.problems,
                ...(undo ? { action: undo } : {}),
            });
        } catch (problem) {
            setNote({
                type: 'error',
                text: words.notSaved(explain(problem).text),
                ...(undo ? { action: undo } : {}),
            });
        }
        setBusy(false);
    };
    const save = (): void => {
        const filled = rows.filter((cells) => cells.some((cell) => cell !== ''));
        const problems = checkRows(list.columns, filled);
        if (problems.length) {
            setNote({ type: 'error', text: words.badRows(problems.length), items: problems });
        } else if (isTooLong(list.columns, filled)) setNote({ type: 'error', text: words.tooLong });
        else void write(filled, words.saved(title, filled.length), stored.value);
    };
    const upload = async (file: File): Promise<void> => {
        let text: string;
        try {
            text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
        } catch {
            setNote({ type: 'error', text: words.notText(file.name) });
            return;
        }
        const checked = checkFile(list.columns, text);
        if (checked.problems.length) {
            setNote({
                type: 'error',
                text: words.badUpload(file.name, checked.problems.length),
                items: checked.problems,
            });
        } else if (isTooLong(list.columns, checked.rows)) {
            setNote({ type: 'error', text: words.tooLarge(file.name) });
        } else {
            setDraft(checked.rows);
            setNote({ type: 'info', text: words.uploaded(file.name, checked.rows.length) });
        }
    };
    const download = (): void => {
        const address = URL.createObjectURL(new Blob([writeCsv([names, ...rows])], { type: 'text/csv' }));
        const link = document.createElement('a');
        link.href = address;
        link.download = `${list.name}.csv`;
        link.click();
        URL.revokeObjectURL(address);
    };

    return (
        <>
            <Title level={3}>
                {title} <Quiet>{stored.value && `(${words.rows(stored.value.length)})`}</Quiet>
            </Title>
            <Text>{list.meaning}.</Text>
            <Text>
                <Quiet>{words.columns}</Quiet> <Mono>{names.join(',')}</Mono>
            </Text>
            <Stack>
                {stored.problem && <Notes note={{ type: 'error', text: words.notRead(stored.problem) }} />}
                <Notes note={note} onClose={() => setNote(null)} />
                {stored.value === null && !stored.problem && (
                    <Line role="status">
                        <WaitSpinner screenReaderText={null} /> <span>{texts.loading}</span>
                    </Line>
                )}
                {stored.value !== null && (
                    <>
                        {rows.length > MOST_TO_EDIT ? (
                            <Text>{words.tooManyToEdit(rows.length)}</Text>
                        ) : (
                            <RowEditor
                                label={title}
                                columns={list.columns}
                                rows={rows}
                                disabled={busy}
                                onChange={edit}
                            />
                        )}
                        <Line>
                            <Button
                                inline
                                disabled={busy}
                                onClick={() => chooser.current?.click()}
                                label={words.upload}
                            />
                            <Button inline disabled={busy || !rows.length} onClick={download} label={words.download} />
                        </Line>
                        <Line>
                            <Button
                                inline
                                appearance="primary"
                                disabled={busy || !isChanged}
                                onClick={save}
                                label={words.save}
                            />
                            <Button
                                inline
                                appearance="subtle"
                                disabled={busy || !isChanged}
                                onClick={() => {
                                    setDraft(null);
                                    setNote(null);
                                }}
                                label={words.discard}
                            />
                            {isChanged && <Quiet>{words.unsaved}</Quiet>}
                        </Line>
                        <input
                            ref={chooser}
                            type="file"
                            accept=".csv,text/csv"
                            aria-label={words.upload}
                            tabIndex={-1}
                            style={{ display: 'none' }}
                            onChange={(event) => {
                                const file = event.target.files?.[0];
                                event.target.value = '';
                                if (file) void upload(file);
                            }}
                        />
                    </>
                )}
            </Stack>
        </>
    );
}
