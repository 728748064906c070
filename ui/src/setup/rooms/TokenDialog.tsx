// Replaces the token of an organisation: the new one is tried beside the old one first.
import { ReactElement, useState } from 'react';
import Button from '@splunk/react-ui/Button';
import Modal from '@splunk/react-ui/Modal';
import type { Form } from '../api/http';
import type { Organisation } from '../api/splunkd';
import * as flows from '../flows/organisations';
import { checkSecrets, NO_SECRETS, Secrets } from '../logic/organisation';
import { relayOf } from '../logic/tokenName';
import { DialogNotes } from '../parts/layout';
import { Notes } from '../parts/Notes';
import { texts } from '../texts';
import { ProxyFields, TokenFields } from './SecretFields';
import { useForm } from './useForm';

const words = texts.organisation;

interface Props {
    organisation: Organisation;
    settings: Form;
    returnFocus: () => void;
    onClose: () => void;
    onSaved: (text: string, warnings: string[]) => void;
}

export function TokenDialog({ organisation, settings, returnFocus, onClose, onSaved }: Props): ReactElement {
    const [secrets, setSecrets] = useState<Secrets>(NO_SECRETS);
    const { form, complaints, note, isBusy, isSound, work } = useForm();

    const save = (): void => {
        if (!isSound(checkSecrets(secrets, true))) return;
        void work(words.savingToken, async () => {
            const warnings = await flows.rotate(organisation.name, settings, secrets);
            setSecrets(NO_SECRETS);
            onSaved(words.rotated(organisation.name), warnings);
        });
    };

    const fields = { secrets, complaints, disabled: isBusy, onChange: setSecrets };
    return (
        <Modal
            open
            returnFocus={returnFocus}
            onRequestClose={isBusy ? undefined : onClose}
            closeOnClickAway={false}
            style={{ width: 640 }}
        >
            <Modal.Header title={words.dialogToken(organisation.name)} />
            <Modal.Body>
                <div ref={form}>
                    <TokenFields {...fields} relay={relayOf(settings)} />
                    {settings.proxy_url && <ProxyFields {...fields} help={words.proxyTrialHelp} />}
                </div>
            </Modal.Body>
            <DialogNotes>
                <Notes note={note} />
            </DialogNotes>
            <Modal.Footer>
                <Button appearance="secondary" disabled={isBusy} onClick={onClose} label={texts.cancel} />
                <Button
                    appearance="primary"
                    disabled={isBusy}
                    onClick={save}
                    label={words.saveToken}
                />
            </Modal.Footer>
        </Modal>
    );
}
