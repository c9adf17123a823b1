/** Archives that are the same whenever they are made of the same. */

import {execa} from 'execa';

/** Packs everything below a folder, as tar packed by gzip; paths in it start with `name`. Throws with tar's last words. */
export async function archive(folder: string, name: string, output: string): Promise<void> {
	const always = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
	await execa('tar', [
		...always,
		'--use-compress-program=gzip -n -9',
		`--transform=s,^\\.,${name},`,
		`--directory=${folder}`,
		`--file=${output}`,
		'--create',
		'.',
	]);
}
