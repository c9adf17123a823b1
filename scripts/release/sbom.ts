/**
 * What is inside, as CycloneDX: `node scripts/release/sbom.ts FOLDER [--with-node]` prints it for a program that `program.ts` laid there,
 * as npm tells it, the same each time.
 */

import {parseArgs} from 'node:util';
import {execa} from 'execa';

/** Of CycloneDX what is touched here. */
export interface Sbom {
	serialNumber?: string;
	metadata: {timestamp?: string; component?: {'bom-ref'?: string}};
	components: SbomComponent[];
	dependencies: {ref: string; dependsOn?: string[]}[];
}

export interface SbomComponent {
	'bom-ref': string;
	name: string;
	version: string;
	[more: string]: unknown;
}

/** Of the packages that the program's npm-shrinkwrap.json names. Throws with npm's last words. */
export async function sbomOf(folder: string): Promise<Sbom> {
	const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--omit=dev'];
	const {stdout, stderr, failed} = await execa('npm', args, {cwd: folder, reject: false});
	if (failed) throw new Error(`npm sbom failed: ${stderr.slice(-1500)}`);
	return withoutTheMoment(JSON.parse(stdout) as Sbom);
}

/** With the Node.js that runs this: it is part of the image and of the packed agent. Pure. */
export function withNode(sbom: Sbom, version = process.versions.node): Sbom {
	const node: SbomComponent = {
		'bom-ref': `node@${version}`,
		type: 'platform',
		name: 'node',
		version,
		purl: `pkg:generic/node@${version}`,
		cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
	};
	return {...sbom, components: [...sbom.components, node]};
}

/** Of these packages alone. Pure. */
export function onlyPackages(sbom: Sbom, names: readonly string[]): Sbom {
	const components = sbom.components.filter(({name}) => names.includes(name));
	const refs = new Set(components.map(component => component['bom-ref']));
	const own = sbom.metadata.component?.['bom-ref'];
	const dependencies = sbom.dependencies
		.filter(({ref}) => refs.has(ref) || ref === own)
		.map(({ref, dependsOn = []}) => ({ref, dependsOn: dependsOn.filter(each => refs.has(each))}));
	return {...sbom, components, dependencies};
}

/** What is made of the same is the same. */
function withoutTheMoment({serialNumber: _random, metadata: {timestamp: _moment, ...metadata}, ...sbom}: Sbom): Sbom {
	return {...sbom, metadata};
}

if (import.meta.main) {
	const {values, positionals} = parseArgs({allowPositionals: true, options: {'with-node': {type: 'boolean'}}});
	const [folder] = positionals;
	if (folder === undefined) throw new Error('Which folder? node scripts/release/sbom.ts FOLDER [--with-node]');
	const sbom = await sbomOf(folder);
	process.stdout.write(`${JSON.stringify(values['with-node'] ? withNode(sbom) : sbom, undefined, '\t')}\n`);
}
