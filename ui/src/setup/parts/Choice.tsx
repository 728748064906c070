// One out of a few, all of them in sight.
import { CSSProperties, ReactElement, useId } from 'react';
import ControlGroup from '@splunk/react-ui/ControlGroup';
import RadioList from '@splunk/react-ui/RadioList';

interface Props<Value extends string> {
    label: string;
    name: string;
    value: string;
    /** Value and title of each. */
    options: readonly (readonly [Value, string])[];
    onChange: (value: Value) => void;
    /** Beside each other. */
    row?: boolean;
    disabled?: boolean;
    help?: string;
    problem?: string | undefined;
    style?: CSSProperties;
}

export function Choice<Value extends string>(props: Props<Value>): ReactElement {
    const { label, name, value, options, onChange, row = false, disabled = false, help, problem, style } = props;
    const id = useId();
    return (
        <ControlGroup label={label} labelPosition="top" labelFor={id} help={help} error={problem ?? false} style={style}>
            <RadioList
                id={id}
                aria-label={label}
                name={name}
                direction={row ? 'row' : 'column'}
                value={value}
                disabled={disabled}
                onChange={(_, data) => onChange(data.value as Value)}
            >
                {options.map(([key, title]) => (
                    <RadioList.Option key={key} value={key}>
                        {title}
                    </RadioList.Option>
                ))}
            </RadioList>
        </ControlGroup>
    );
}
