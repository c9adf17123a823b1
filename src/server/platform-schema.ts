/** headscale, the vantages' tailscaled and the clients as `/api/v1/status` tells them. */

import {z} from 'zod';
import {certificateFaults} from '../net/tls.ts';
import {backendStates, severities} from '../tailscaled/types.ts';
import {count, texts, time} from './schema-parts.ts';

const named = z.object({count, names: texts.meta({description: 'The first of them.'})});
export const platformSchema = z
	.object({
		headscale: z
			.object({
				healthy: z.boolean().optional().meta({description: 'What GET /health says.'}),
				apiHealthy: z.boolean().optional().meta({description: 'Whether the API finds its database.'}),
				controlKeyAnswered: z
					.boolean()
					.optional()
					.meta({description: 'Whether GET /key told the key of a control server.'}),
				policy: z.enum(['present', 'none', 'unreadable']).optional(),
				ownApiKeyExpiry: time.optional(),
				certificate: z
					.object({trusted: z.boolean(), fault: z.enum(certificateFaults).optional(), expiry: time.optional()})
					.optional(),
				missingUsers: named.optional().meta({description: 'Of `headscale.expect_users`.'}),
				preAuthKeys: z
					.object({
						usable: count,
						expired: count,
						usedUp: count,
						reusableNotEphemeral: count,
						ending: z
							.object({count, earliestExpiry: time.optional()})
							.meta({description: 'Reusable ones near their end that no other key replaces.'}),
						unreplaced: z
							.object({count, latestExpiry: time.optional()})
							.meta({description: 'Reusable ones that expired within the last week and that no other key replaces.'}),
					})
					.optional(),
				unservedRoutes: named.optional().meta({description: 'Approved, and served by no node.'}),
				duplicateHostnames: named
					.extend({cameBack: count.meta({description: 'Those with a record that is online and one that is not.'})})
					.optional(),
				lingering: named
					.extend({
						ephemeral: count.meta({description: 'Those that headscale should have removed.'}),
						oldestSeen: time.optional(),
					})
					.optional()
					.meta({description: 'Nodes that have been offline for longer than `headscale.linger_after`.'}),
			})
			.optional(),
		tailscaled: z.array(
			z.object({
				vantage: z.string(),
				backendState: z.enum(backendStates).optional(),
				online: z.boolean().optional().meta({description: 'Whether it is connected to its control server.'}),
				keyExpiry: time.optional(),
				warnings: z
					.array(
						z.object({
							code: z.string(),
							severity: z.enum(severities),
							since: time.optional(),
							says: z.string().optional().meta({description: "tailscaled's own words, at most 200 characters."}),
						}),
					)
					.optional(),
			}),
		),
		clients: z
			.object({
				oldest: z.string(),
				newest: z.string(),
				minorsApart: count.optional(),
				minimum: z.string().optional().meta({description: 'The oldest that headscale accepts.'}),
				belowMinimum: named.optional(),
			})
			.optional(),
	})
	.meta({id: 'Platform', description: 'What is known and fresh of headscale, the own tailscaled and the clients.'});
