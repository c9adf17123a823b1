/**
 * Node.js' HTTP. An `import` of it reads each name that the module has, WebSocket among them, for which Node.js loads its own copy of
 * undici: 6 MB resident of which nothing here makes use.
 */
export const http = process.getBuiltinModule('node:http');
