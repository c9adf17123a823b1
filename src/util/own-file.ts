/** The URL of a program file of ours for a thread or a child: `.ts` as it stands in the repository, `.js` once packed by tsc. */
export function ownFile(path: string, importMetaUrl: string): URL {
	const extension = importMetaUrl.endsWith('.ts') ? '.ts' : '.js';
	return new URL(path.replace(/\.ts$/, extension), importMetaUrl);
}
