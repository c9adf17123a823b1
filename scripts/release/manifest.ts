/** What npm is told about the program as it is installed: package.json and npm-shrinkwrap.json, without all that only developing it takes. */

/** Of package.json what is read here. */
export interface Manifest {
	name: string;
	version: string;
	description: string;
	license?: string;
	bin: Record<string, string>;
	engines: Record<string, string>;
	dependencies: Record<string, string>;
}

/** Of package-lock.json what is read here. */
export interface Lock {
	lockfileVersion: number;
	/** By its folder; the program itself by ''. */
	packages: Record<string, LockedPackage>;
}

export interface LockedPackage {
	dev?: boolean;
	resolved?: string;
	[more: string]: unknown;
}

/** package.json of what is installed: compiled, with nothing to develop with. Pure. */
export function releaseManifest(manifest: Manifest) {
	const {name, version, description, license, bin, engines, dependencies} = manifest;
	return {
		name,
		version,
		description,
		...(license === undefined ? {} : {license}),
		type: 'module',
		bin: Object.fromEntries(Object.entries(bin).map(([command, file]) => [command, compiledName(file)])),
		engines,
		dependencies,
	};
}

/** npm-shrinkwrap.json: the very packages that were tested, from whatever registry npm has been told to use. Pure. */
export function releaseLock(lock: Lock, manifest: ReturnType<typeof releaseManifest>) {
	const {name, version, license, bin, engines, dependencies} = manifest;
	const packages: Record<string, LockedPackage> = {
		'': {name, version, ...(license === undefined ? {} : {license}), dependencies, bin, engines},
	};
	for (const [folder, locked] of Object.entries(lock.packages)) {
		if (folder === '' || locked.dev === true) continue;
		const {resolved: _registry, ...kept} = locked;
		packages[folder] = kept;
	}
	return {name, version, lockfileVersion: lock.lockfileVersion, requires: true, packages};
}

function compiledName(file: string): string {
	return file.replace(/\.ts$/, '.js');
}
