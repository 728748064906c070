// Asks before an organisation is removed.
import type { ReactElement } from 'react';
import Button from '@splunk/react-ui/Button';
import Modal from '@splunk/react-ui/Modal';
import { Text } from '../parts/layout';
import { texts } from '../texts';

const words = texts.organisation;

interface Props {
    name: string;
    returnFocus: () => void;
    onClose: () => void;
    onConfirm: () => void;
}

export function RemoveDialog({ name, returnFocus, onClose, onConfirm }: Props): ReactElement {
    return (
        <Modal open returnFocus={returnFocus} onRequestClose={onClose} style={{ width: 560 }}>
            <Modal.Header title={words.removeTitle(name)} />
            <Modal.Body>
                <Text>{words.removeText}</Text>
            </Modal.Body>
            <Modal.Footer>
                <Button appearance="secondary" onClick={onClose} label={texts.cancel} />
                <Button appearance="destructive" onClick={onConfirm} label={words.remove} />
            </Modal.Footer>
        </Modal>
    );
}
