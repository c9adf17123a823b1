/** The icon: two ends and the way between them. */

export const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M4 11.5 12 4.5" stroke="#3b82c4" stroke-width="2" fill="none"/><circle cx="3.5" cy="12" r="3" fill="#2f9e6e"/><circle cx="12.5" cy="4" r="3" fill="#3b82c4"/></svg>`;
