// What just happened, said where it happened: seen, and read aloud by a screen reader.
import type { ReactElement } from 'react';
import Button from '@splunk/react-ui/Button';
import Message from '@splunk/react-ui/Message';
import { Line, Plain } from './layout';

export interface Note {
    type: 'success' | 'info' | 'warning' | 'error';
    text: string;
    items?: string[];
    action?: { label: string; run: () => void };
}

/** Both live regions are there from the start: a region that comes with its text is read by nobody. */
export function Notes({ note, onClose }: { note: Note | null; onClose?: () => void }): ReactElement {
    const box = note && (
        <Message type={note.type} appearance="fill" {...(onClose ? { onRequestRemove: onClose } : {})}>
            <Line>
                <span>{note.text}</span>
                {note.action && (
                    <Button appearance="secondary" inline onClick={note.action.run} label={note.action.label} />
                )}
            </Line>
            {note.items && note.items.length > 0 && (
                <Plain>
                    {note.items.map((item) => (
                        <li key={item}>{item}</li>
                    ))}
                </Plain>
            )}
        </Message>
    );
    const isAlarm = note?.type === 'error';
    return (
        <>
            <div role="status" aria-live="polite">
                {!isAlarm && box}
            </div>
            <div role="alert">{isAlarm && box}</div>
        </>
    );
}
