// Macros of the app: what each says, what it said as shipped, and the way back.
import { ReactElement, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import Text from '@splunk/react-ui/Text';
import * as splunkd from '../api/splunkd';
import { explain } from '../explain';
import { macroProblem } from '../logic/macros';
import { macroDefaults } from '../shipped';
import { texts } from '../texts';
import { Grow, Line } from './layout';
import type { Note } from './Notes';

const words = texts.macros;

interface Props {
    names: string[];
    macros: Record<string, splunkd.Macro>;
    onSaved: (name: string, definition: string) => void;
    onNote: (note: Note) => void;
}

export function MacroFields({ names, macros, onSaved, onNote }: Props): ReactElement {
    return (
        <>
            {names.map((name) => (
                <MacroField
                    // A value that was saved elsewhere starts the field anew.
                    key={`${name}|${macros[name]?.definition ?? ''}`}
                    name={name}
                    macro={macros[name] ?? null}
                    onSaved={onSaved}
                    onNote={onNote}
                />
            ))}
        </>
    );
}

interface FieldProps {
    name: string;
    macro: splunkd.Macro | null;
    onSaved: (name: string, definition: string) => void;
    onNote: (note: Note) => void;
}

function MacroField({ name, macro, onSaved, onNote }: FieldProps): ReactElement {
    const present = macro?.definition ?? '';
    const shipped = macroDefaults[name] ?? '';
    const [typed, setTyped] = useState(present);
    const [problem, setProblem] = useState<string | null>(null);
    const [busy, setBusy] = useState(false);

    const store = async (definition: string, said: string): Promise<void> => {
        const found = macroProblem(name, definition, shipped);
        setProblem(found);
        if (found) return;
        setBusy(true);
        try {
            await splunkd.setMacro(name, definition);
            setTyped(definition);
            onSaved(name, definition);
            onNote({ type: 'success', text: said });
        } catch (caught) {
            setProblem(explain(caught).text);
        }
        setBusy(false);
    };

    const help = [
        macro?.description ?? words.absent,
        present === shipped ? '' : words.changed,
        words.shipped(shipped),
    ]
        .filter(Boolean)
        .join(' ');
    return (
        <ControlGroup label={name} labelPosition="top" help={help} error={problem ?? false} data-macro={name}>
            <Line style={{ flexWrap: 'nowrap', width: '100%' }}>
                <Grow>
                    <Text
                        aria-label={name}
                        value={typed}
                        disabled={busy || macro === null}
                        error={problem !== null}
                        spellCheck={false}
                        autoComplete="off"
                        onChange={(_, data) => setTyped(data.value)}
                        onKeyDown={(event) => {
                            if (event.key === 'Enter' && typed !== present) void store(typed, words.saved(name));
                        }}
                    />
                </Grow>
                <Button
                    inline
                    disabled={busy || macro === null || typed === present}
                    aria-label={words.saveLabel(name)}
                    label={words.save}
                    onClick={() => void store(typed, words.saved(name))}
                />
                <Button
                    inline
                    appearance="subtle"
                    disabled={busy || macro === null || (present === shipped && typed === present)}
                    aria-label={words.resetLabel(name)}
                    label={words.reset}
                    onClick={() => {
                        if (present === shipped) {
                            setTyped(shipped);
                            setProblem(null);
                        } else void store(shipped, words.wasReset(name));
                    }}
                />
            </Line>
        </ControlGroup>
    );
}
