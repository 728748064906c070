// Adds an organisation or edits one. The connection can be tried before anything is saved.
import { ReactElement, useEffect, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import CollapsiblePanel from '@splunk/react-ui/CollapsiblePanel';
import Modal from '@splunk/react-ui/Modal';
import Switch from '@splunk/react-ui/Switch';
import type { Form } from '../api/http';
import * as splunkd from '../api/splunkd';
import * as flows from '../flows/organisations';
import { tested, tryConnection } from '../flows/trial';
import {
    checkName,
    checkSecrets,
    checkSettings,
    defaults,
    NO_SECRETS,
    Secrets,
    shownSettings,
} from '../logic/organisation';
import { relayOf } from '../logic/tokenName';
import { Choice } from '../parts/Choice';
import { Field } from '../parts/Field';
import { useLoaded } from '../parts/hooks';
import { DialogNotes, Text } from '../parts/layout';
import { Notes } from '../parts/Notes';
import { settings as shipped, ShippedSetting } from '../shipped';
import { texts } from '../texts';
import { ProxyFields, TokenFields } from './SecretFields';
import { useForm } from './useForm';

const words = texts.organisation;

interface Props {
    /** null: a new one. */
    organisation: splunkd.Organisation | null;
    taken: string[];
    returnFocus: () => void;
    onClose: () => void;
    onSaved: (text: string, warnings: string[]) => void;
}

export function OrganisationDialog({ organisation, taken, returnFocus, onClose, onSaved }: Props): ReactElement {
    const isNew = organisation === null;
    const [name, setName] = useState(organisation?.name ?? '');
    const [values, setValues] = useState<Form>(organisation ? shownSettings(organisation.settings) : defaults());
    const [secrets, setSecrets] = useState<Secrets>(NO_SECRETS);
    const [enabled, setEnabled] = useState(true);
    const [advanced, setAdvanced] = useState(false);
    const known = useLoaded(splunkd.indexes);
    const { form, complaints, note, setNote, isBusy, isSound, work } = useForm((found) => {
        if (shipped.some((setting) => !setting.simple && found[setting.name])) setAdvanced(true);
        if (found.proxyUser || found.proxyPassword) setAdvanced(true);
    });

    // The form leaves nothing secret behind, however it is closed.
    useEffect(() => () => setSecrets(NO_SECRETS), []);

    const areSound = (withName: boolean): boolean => {
        const nameProblem = isNew && withName ? checkName(name, taken) : null;
        return isSound({
            ...(nameProblem ? { name: nameProblem } : {}),
            ...checkSecrets(secrets, isNew),
            ...checkSettings(values),
        });
    };
    const test = (): void => {
        if (!areSound(false)) return;
        void work(words.testRunning, async () => setNote(tested(await tryConnection(values, secrets))));
    };
    const save = (): void => {
        if (!areSound(true)) return;
        void work(words.saving, async () => {
            const warnings = isNew
                ? await flows.add(name, values, secrets, enabled)
                : await flows.edit(name, values, secrets);
            setSecrets(NO_SECRETS);
            onSaved(isNew ? words.savedNew(name, enabled) : words.saved(name), warnings);
        });
    };

    const setting = (one: ShippedSetting): ReactElement => (
        <Setting
            key={one.name}
            setting={one}
            value={values[one.name] ?? ''}
            problem={complaints[one.name]}
            disabled={isBusy}
            indexes={known.value ?? []}
            onChange={(value) => setValues((present) => ({ ...present, [one.name]: value }))}
        />
    );

    return (
        <Modal
            open
            returnFocus={returnFocus}
            onRequestClose={isBusy ? undefined : onClose}
            closeOnClickAway={false}
            style={{ width: 720 }}
        >
            <Modal.Header title={isNew ? words.dialogAdd : words.dialogEdit(name)} />
            <Modal.Body>
                <div ref={form}>
                    {isNew ? (
                        <>
                            <Field
                                name="name"
                                label={words.name}
                                help={words.nameHelp}
                                value={name}
                                problem={complaints.name}
                                required
                                disabled={isBusy}
                                onChange={setName}
                            />
                            <TokenFields
                                relay={relayOf(values)}
                                secrets={secrets}
                                complaints={complaints}
                                disabled={isBusy}
                                onChange={setSecrets}
                            />
                        </>
                    ) : (
                        <Text>
                            {words.editIntro} {words.tokenStored}
                        </Text>
                    )}
                    {shipped.filter((one) => one.simple).map(setting)}
                    <CollapsiblePanel
                        title={words.advanced}
                        open={advanced}
                        onChange={() => setAdvanced(!advanced)}
                        renderChildrenWhenCollapsed={false}
                    >
                        <div style={{ padding: 12 }}>
                            <Text>{words.advancedIntro}</Text>
                            {shipped
                                .filter((one) => !one.simple)
                                .flatMap((one) =>
                                    one.name === 'proxy_url'
                                        ? [
                                              setting(one),
                                              <ProxyFields
                                                  key="proxy"
                                                  secrets={secrets}
                                                  complaints={complaints}
                                                  disabled={isBusy}
                                                  onChange={setSecrets}
                                                  help={words.proxyHelp}
                                              />,
                                          ]
                                        : [setting(one)],
                                )}
                        </div>
                    </CollapsiblePanel>
                    {isNew && (
                        <Switch selected={enabled} disabled={isBusy} onClick={() => setEnabled(!enabled)}>
                            {words.start}
                        </Switch>
                    )}
                </div>
            </Modal.Body>
            <DialogNotes>
                <Notes note={note} />
            </DialogNotes>
            <Modal.Footer>
                <Button appearance="secondary" disabled={isBusy} onClick={onClose} label={texts.cancel} />
                {isNew && (
                    <Button disabled={isBusy} onClick={test} label={words.test_connection} />
                )}
                <Button appearance="primary" disabled={isBusy} onClick={save} label={words.save} />
            </Modal.Footer>
        </Modal>
    );
}

interface SettingProps {
    setting: ShippedSetting;
    value: string;
    problem: string | undefined;
    disabled: boolean;
    indexes: string[];
    onChange: (value: string) => void;
}

function Setting({ setting, value, problem, disabled, indexes, onChange }: SettingProps): ReactElement {
    if (setting.name === 'environment') {
        return (
            <Choice
                label={setting.title}
                name="environment"
                row
                value={value.toLowerCase()}
                options={Object.entries(words.environments)}
                problem={problem}
                disabled={disabled}
                onChange={onChange}
            />
        );
    }
    const help = setting.name === 'index' ? words.indexHelp(indexes) : setting.help.slice(0, 2).join(' ');
    return (
        <Field
            name={setting.name}
            label={setting.title}
            help={`${help} ${words.default(setting.default)}`}
            value={value}
            problem={problem}
            disabled={disabled}
            onChange={onChange}
        />
    );
}
