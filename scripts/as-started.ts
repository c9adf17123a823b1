/** How `npm run tailprobe` starts Node: what measures or breaks tailprobe starts it the same way. */

/** V8's flags. */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=2'];

/** What the environment has besides. */
export const nodeEnvironment: Readonly<Record<string, string>> = {MALLOC_ARENA_MAX: '2'};
