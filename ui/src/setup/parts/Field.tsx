// One line of a form: label, control, help, and what is wrong with it.
import type { ReactElement } from 'react';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import Text from '@splunk/react-ui/Text';

interface Props {
    label: string;
    value: string;
    onChange: (value: string) => void;
    help?: string | undefined;
    problem?: string | undefined;
    /** Typed blind, and never filled in by the browser. */
    secret?: boolean;
    disabled?: boolean;
    required?: boolean;
    placeholder?: string;
    name: string;
}

export function Field(props: Props): ReactElement {
    const { label, value, onChange, help, problem, secret, disabled, required, placeholder, name } = props;
    return (
        <ControlGroup
            label={label}
            labelPosition="top"
            help={help}
            error={problem ?? false}
            required={required ?? false}
            data-field={name}
        >
            <Text
                name={name}
                value={value}
                onChange={(_, data) => onChange(data.value)}
                error={!!problem}
                disabled={disabled ?? false}
                {...(placeholder ? { placeholder } : {})}
                autoComplete={secret ? 'new-password' : 'off'}
                spellCheck={false}
                {...(secret ? { type: 'password', passwordVisibilityToggle: true } : { canClear: false })}
            />
        </ControlGroup>
    );
}

/** Puts the focus into the first field that has a complaint. */
export function focusFirst(form: HTMLElement | null, fields: string[]): void {
    const controls = Array.from(form?.querySelectorAll<HTMLInputElement>('[data-field] input') ?? []);
    const wrong = controls.find((control) => {
        const field = control.closest<HTMLElement>('[data-field]')?.dataset.field ?? '';
        return fields.includes(field);
    });
    wrong?.focus();
}
