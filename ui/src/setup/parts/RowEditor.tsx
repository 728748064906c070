// A small table to type in: each cell is judged as soon as it is left.
import { ReactElement, useRef, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import SimpleTable from '@splunk/react-ui/SimpleTable';
import Text from '@splunk/react-ui/Text';
import { cellProblem } from '../logic/siteLookups';
import type { Column } from '../shipped';
import { texts } from '../texts';
import { Line, Quiet, Scroll, Small } from './layout';
import { Heads } from './table';

const words = texts.siteLists;

interface Props {
    label: string;
    columns: Column[];
    rows: string[][];
    disabled: boolean;
    onChange: (rows: string[][]) => void;
}

export function RowEditor({ label, columns, rows, disabled, onChange }: Props): ReactElement {
    const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
    const table = useRef<HTMLDivElement | null>(null);

    const set = (row: number, column: number, value: string): void => {
        onChange(
            rows.map((cells, place) =>
                place === row ? columns.map((_, at) => (at === column ? value : (cells[at] ?? ''))) : cells,
            ),
        );
    };
    const add = (): void => {
        onChange([...rows, columns.map(() => '')]);
        // The new row is where the typing goes on.
        setTimeout(() => {
            const inputs = table.current?.querySelectorAll<HTMLInputElement>('tbody tr:last-child input');
            inputs?.[0]?.focus();
        });
    };
    const remove = (row: number): void => {
        setLeft(new Set());
        onChange(rows.filter((_, place) => place !== row));
    };

    return (
        <div ref={table}>
            {rows.length === 0 ? (
                <Quiet>{words.nothing}</Quiet>
            ) : (
                <Scroll>
                    <SimpleTable aria-label={label}>
                        <Heads names={[...columns.map((column) => column.name), words.actions]} />
                        <SimpleTable.Body>
                            {rows.map((cells, row) => (
                                // Rows have no name but their place.
                                <SimpleTable.Row key={row}>
                                    {columns.map((column, place) => {
                                        const cell = cells[place] ?? '';
                                        const isJudged = left.has(`${row}|${place}`);
                                        const problem = isJudged ? cellProblem(column, cell, place === 0) : null;
                                        return (
                                            <SimpleTable.Cell key={column.name}>
                                                <Text
                                                    aria-label={words.cell(column.name, row + 1)}
                                                    value={cell}
                                                    disabled={disabled}
                                                    error={problem !== null}
                                                    spellCheck={false}
                                                    autoComplete="off"
                                                    onChange={(_, data) => set(row, place, data.value)}
                                                    onBlur={() =>
                                                        setLeft((present) => new Set(present).add(`${row}|${place}`))
                                                    }
                                                />
                                                {problem && <Small role="alert">{problem}</Small>}
                                            </SimpleTable.Cell>
                                        );
                                    })}
                                    <SimpleTable.Cell>
                                        <Button
                                            inline
                                            appearance="subtle"
                                            disabled={disabled}
                                            aria-label={words.removeRow(row + 1)}
                                            label={words.removeShort}
                                            onClick={() => remove(row)}
                                        />
                                    </SimpleTable.Cell>
                                </SimpleTable.Row>
                            ))}
                        </SimpleTable.Body>
                    </SimpleTable>
                </Scroll>
            )}
            <Line style={{ marginTop: 8 }}>
                <Button inline disabled={disabled} onClick={add} label={words.addRow} />
            </Line>
        </div>
    );
}
