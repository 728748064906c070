// Parts of the page's tables: the head, and the cells that more than one table has.
import type { ReactElement } from 'react';
import SimpleTable from '@splunk/react-ui/SimpleTable';
import Switch from '@splunk/react-ui/Switch';
import { Small } from './layout';

export function Heads({ names }: { names: string[] }): ReactElement {
    return (
        <SimpleTable.Head>
            {names.map((name) => (
                <SimpleTable.HeadCell key={name}>{name}</SimpleTable.HeadCell>
            ))}
        </SimpleTable.Head>
    );
}

interface SwitchProps {
    label: string;
    on: boolean;
    disabled?: boolean;
    onFlip: () => void;
}

export function SwitchCell({ label, on, disabled = false, onFlip }: SwitchProps): ReactElement {
    return (
        <SimpleTable.Cell>
            <Switch appearance="toggle" aria-label={label} selected={on} disabled={disabled} onClick={onFlip} />
        </SimpleTable.Cell>
    );
}

/** A search by its title, and what it does. */
export function SearchCell({ title, description }: { title: string; description: string }): ReactElement {
    return (
        <SimpleTable.Cell>
            <strong>{title}</strong>
            <Small>{description}</Small>
        </SimpleTable.Cell>
    );
}
