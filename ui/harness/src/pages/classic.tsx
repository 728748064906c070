import { mount } from '../shell/mount';
import { Shell } from '../shell/Shell';

// A classic dashboard: the server writes its panels, its own script fills them. Only the bar is ours.
mount((page) => <Shell page={page} />);
