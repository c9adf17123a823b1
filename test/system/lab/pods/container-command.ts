/** How a container is started: a root of its own in a mount and a process namespace, its volumes in place, and only the rights that it was given. */

import type {V1Capabilities, V1Container, V1Pod, V1SecurityContext} from '@kubernetes/client-node';
import {shellQuote as quote} from '../../../../src/shell/quote.ts';

/** An image as a directory. */
export interface ImageRoot {
	/** What the name of an image starts with. */
	prefix: string;
	/** Its files; never written to. */
	root: string;
	/** Laid over them, read-only. */
	binds: ReadonlyArray<{from: string; to: string}>;
	entrypoint: readonly string[];
	/** The user where the pod names none. */
	user: number;
	env: Readonly<Record<string, string>>;
}

/** What is mounted into a container. */
export interface Mount {
	from: string;
	to: string;
	readOnly: boolean;
}

/** What the shell that builds a container's root is told. */
export interface RootOptions {
	image: ImageRoot;
	mounts: readonly Mount[];
	readOnly: boolean;
	privileged: boolean;
	/** Where its upper layer and its mount point may lie; of this start alone. */
	scratch: string;
	workingDirectory: string;
}

/** What container runtimes leave to root. */
const usualCapabilities = [
	...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'net_bind_service'],
	...['net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'],
];
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Starts a shell with its script in new namespaces; all in them ends with it. */
export const isolated = [
	'unshare',
	'--mount',
	'--pid',
	'--fork',
	'--kill-child',
	'--propagation',
	'private',
	'sh',
	'-c',
];

/** The script that builds the root, enters it and becomes `command`. */
export function rootScript(
	{image, mounts, readOnly, privileged, scratch, workingDirectory}: RootOptions,
	command: readonly string[],
): string {
	const [upper, work, root] = ['upper', 'work', 'root'].map(name => `${scratch}/${name}`);
	const at = (path: string) => quote(`${root}${path}`);
	const bind = ({from, to, readOnly: fixed}: Mount) => [
		`if [ -d ${quote(from)} ]; then mkdir -p ${at(to)}; else mkdir -p "$(dirname ${at(to)})"; [ -e ${at(to)} ] || : > ${at(to)}; fi`,
		`mount --bind ${quote(from)} ${at(to)}`,
		...(fixed ? [`mount -o remount,bind,ro ${at(to)}`] : []),
	];
	const fixed = (path: string) => [`mount --bind ${at(path)} ${at(path)}`, `mount -o remount,bind,ro ${at(path)}`];
	// The deepest last: a volume may lie in another.
	const ordered = [...mounts].sort((one, other) => one.to.length - other.to.length);
	return [
		'set -e',
		`mkdir -p ${quote(`${upper}`)} ${quote(`${work}`)} ${at('')}`,
		`mount -t overlay overlay -o lowerdir=${quote(image.root)},upperdir=${quote(`${upper}`)},workdir=${quote(`${work}`)} ${at('')}`,
		...image.binds.flatMap(one => bind({...one, readOnly: true})),
		`mkdir -p ${at('/proc')} ${at('/sys')} ${at('/dev')}`,
		`mount -t proc -o nosuid,nodev,noexec proc ${at('/proc')}`,
		...(privileged ? [] : fixed('/proc/sys')),
		`mount -t sysfs -o nosuid,nodev,noexec,ro sysfs ${at('/sys')}`,
		`mount -t tmpfs -o mode=755,nosuid tmpfs ${at('/dev')}`,
		...devices.flatMap(name => bind({from: `/dev/${name}`, to: `/dev/${name}`, readOnly: false})),
		`mkdir ${at('/dev/shm')} ${at('/dev/pts')}`,
		`mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs ${at('/dev/shm')}`,
		`mount -t devpts -o newinstance,ptmxmode=0666 devpts ${at('/dev/pts')}`,
		`ln -s pts/ptmx ${at('/dev/ptmx')}`,
		`ln -s /proc/self/fd ${at('/dev/fd')}`,
		...ordered.flatMap(bind),
		...(readOnly ? [`mount -o remount,bind,ro ${at('')}`] : []),
		`cd ${at('')}`,
		'pivot_root . .',
		'umount -l .',
		`cd ${quote(workingDirectory)}`,
		`exec ${command.map(quote).join(' ')}`,
	].join('\n');
}

/** Becomes the container's user with its rights, before `command`; also for what is executed in it later. Throws where root was forbidden. */
export function asUser(pod: V1Pod, container: V1Container, image: ImageRoot): string[] {
	const of: V1SecurityContext = container.securityContext ?? {};
	const shared = pod.spec?.securityContext ?? {};
	const user = of.runAsUser ?? shared.runAsUser ?? image.user;
	const group = of.runAsGroup ?? shared.runAsGroup ?? (user === image.user ? user : 0);
	if (user === 0 && (of.runAsNonRoot ?? shared.runAsNonRoot) === true)
		throw new Error('container has runAsNonRoot and image will run as root');
	const groups = [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])];
	return [
		// Once more, for the kernel forgets it where the user changes.
		...['/usr/bin/setpriv', '--pdeathsig', 'KILL', `--reuid=${user}`, `--regid=${group}`],
		groups.length === 0 ? '--clear-groups' : `--groups=${groups.join()}`,
		...(of.allowPrivilegeEscalation === false ? ['--no-new-privs'] : []),
		...(of.privileged === true
			? []
			: ['--inh-caps=-all', '--ambient-caps=-all', `--bounding-set=${bounding(of.capabilities)}`]),
		'--',
	];
}

function bounding({add = [], drop = []}: V1Capabilities = {}): string {
	const named = (list: readonly string[]) => list.map(name => name.toLowerCase().replace(/^cap_/, ''));
	const dropped = named(drop);
	const kept = usualCapabilities.filter(name => !dropped.includes(name) && !dropped.includes('all'));
	return ['-all', ...new Set([...kept, ...named(add)].map(name => `+${name}`))].join();
}
