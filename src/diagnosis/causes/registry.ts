/** The closed list of causes, from the lowest rung up. To add one: a file beside this one, its line here, its test. */

import type {Cause} from '../types.ts';
import {bigPacketsLost} from './big-packets-lost.ts';
import {certificateExpired} from './certificate-expired.ts';
import {certificateSoon} from './certificate-soon.ts';
import {certificateUntrusted} from './certificate-untrusted.ts';
import {checkDenied} from './check-denied.ts';
import {checkUnfinished} from './check-unfinished.ts';
import {checkUnsupported} from './check-unsupported.ts';
import {clientsTooOld} from './clients-too-old.ts';
import {connectionReset} from './connection-reset.ts';
import {derpMapMissing} from './derp-map-missing.ts';
import {gpuDriverMismatch} from './gpu-driver-mismatch.ts';
import {gpuFull} from './gpu-full.ts';
import {gpuLost} from './gpu-lost.ts';
import {gpuMissing} from './gpu-missing.ts';
import {gpuSmiHangs} from './gpu-smi-hangs.ts';
import {gpuThrottled} from './gpu-throttled.ts';
import {gpuUnreadable} from './gpu-unreadable.ts';
import {headscaleApiKeyExpiring} from './headscale-api-key-expiring.ts';
import {headscaleApiKeyRefused} from './headscale-api-key-refused.ts';
import {headscaleCertificate} from './headscale-certificate.ts';
import {headscaleCertificateExpiring} from './headscale-certificate-expiring.ts';
import {headscaleDatabase} from './headscale-database.ts';
import {headscaleFrozen} from './headscale-frozen.ts';
import {headscaleKeyPage} from './headscale-key-page.ts';
import {headscalePolicyUnreadable} from './headscale-policy-unreadable.ts';
import {headscaleProxyDropsUpgrade} from './headscale-proxy-drops-upgrade.ts';
import {headscaleProxyError} from './headscale-proxy-error.ts';
import {headscaleRestarted} from './headscale-restarted.ts';
import {headscaleSlowOrStuck} from './headscale-slow-or-stuck.ts';
import {headscaleUnreachable} from './headscale-unreachable.ts';
import {headscaleUserMissing} from './headscale-user-missing.ts';
import {instanceNeverJoined} from './instance-never-joined.ts';
import {instanceStopped} from './instance-stopped.ts';
import {instanceWithoutPod} from './instance-without-pod.ts';
import {magicdnsDead} from './magicdns-dead.ts';
import {magicdnsOnNodeDead} from './magicdns-on-node-dead.ts';
import {nameOutsideTailnet} from './name-outside-tailnet.ts';
import {nameUnknown} from './name-unknown.ts';
import {nameWrongAddress} from './name-wrong-address.ts';
import {netmapNotDelivered} from './netmap-not-delivered.ts';
import {noUnderlay} from './no-underlay.ts';
import {nodeBadExpiry} from './node-bad-expiry.ts';
import {nodeDeletedWhileAlive} from './node-deleted-while-alive.ts';
import {nodeHiddenByPolicy} from './node-hidden-by-policy.ts';
import {nodeKeyExpired} from './node-key-expired.ts';
import {nodeLeft} from './node-left.ts';
import {nodeListedOffline} from './node-listed-offline.ts';
import {nodeNeverJoined} from './node-never-joined.ts';
import {nodeNotReady} from './node-not-ready.ts';
import {nodeOffline} from './node-offline.ts';
import {nodeRecordDuplicated} from './node-record-duplicated.ts';
import {nodeSilent} from './node-silent.ts';
import {oneWay} from './one-way.ts';
import {ownCannotLook} from './own-cannot-look.ts';
import {ownKeyExpired} from './own-key-expired.ts';
import {ownKeyExpiring} from './own-key-expiring.ts';
import {ownNetworkGone} from './own-network-gone.ts';
import {ownStarting} from './own-starting.ts';
import {ownStarved} from './own-starved.ts';
import {ownTailscaledSignedOut} from './own-tailscaled-signed-out.ts';
import {ownTailscaledSilent} from './own-tailscaled-silent.ts';
import {ownTailscaledStopped} from './own-tailscaled-stopped.ts';
import {ownTunnelsLost} from './own-tunnels-lost.ts';
import {pathFlapping} from './path-flapping.ts';
import {podFailing} from './pod-failing.ts';
import {podPending} from './pod-pending.ts';
import {podWithoutInstance} from './pod-without-instance.ts';
import {poolShort} from './pool-short.ts';
import {preAuthKeyExpired} from './pre-auth-key-expired.ts';
import {preAuthKeyExpiring} from './pre-auth-key-expiring.ts';
import {proxyRefuses} from './proxy-refuses.ts';
import {publiclyExposed} from './publicly-exposed.ts';
import {relayDown} from './relay-down.ts';
import {serviceFiltered} from './service-filtered.ts';
import {serviceHangs} from './service-hangs.ts';
import {serviceProtocol} from './service-protocol.ts';
import {serviceRefused} from './service-refused.ts';
import {serviceSlow} from './service-slow.ts';
import {serviceWrongContent} from './service-wrong-content.ts';
import {serviceWrongStatus} from './service-wrong-status.ts';
import {sourceUnreadable} from './source-unreadable.ts';
import {targetForbidden} from './target-forbidden.ts';
import {tlsFailed} from './tls-failed.ts';
import {tunnelLossy} from './tunnel-lossy.ts';
import {tunnelSlow} from './tunnel-slow.ts';
import {udpBlocked} from './udp-blocked.ts';
import {unexplained} from './unexplained.ts';
import {vantageGone} from './vantage-gone.ts';
import {vantageLeft} from './vantage-left.ts';
import {vantageMachineDown} from './vantage-machine-down.ts';
import {vantageUnsupported} from './vantage-unsupported.ts';
import {vantageUntrusted} from './vantage-untrusted.ts';
import {virtualKubeletDown} from './virtual-kubelet-down.ts';
import {wireguardDead} from './wireguard-dead.ts';

/** The closed list, from the lowest rung up. */
export const causes: readonly Cause[] = [
	ownStarved,
	ownStarting,
	ownKeyExpired,
	ownTailscaledSignedOut,
	ownTailscaledStopped,
	ownTailscaledSilent,
	ownNetworkGone,
	ownTunnelsLost,
	ownCannotLook,
	ownKeyExpiring,
	vantageLeft,
	vantageUnsupported,
	vantageMachineDown,
	vantageGone,
	vantageUntrusted,
	checkUnsupported,
	checkDenied,
	checkUnfinished,
	headscaleUnreachable,
	headscaleFrozen,
	headscaleSlowOrStuck,
	headscaleProxyError,
	headscaleDatabase,
	headscaleCertificate,
	headscaleKeyPage,
	headscaleProxyDropsUpgrade,
	headscaleRestarted,
	netmapNotDelivered,
	derpMapMissing,
	clientsTooOld,
	preAuthKeyExpired,
	preAuthKeyExpiring,
	headscaleUserMissing,
	headscalePolicyUnreadable,
	headscaleApiKeyRefused,
	headscaleApiKeyExpiring,
	headscaleCertificateExpiring,
	sourceUnreadable,
	nodeLeft,
	nodeDeletedWhileAlive,
	nodeNeverJoined,
	nodeBadExpiry,
	nodeKeyExpired,
	nodeRecordDuplicated,
	nodeOffline,
	nodeHiddenByPolicy,
	nodeSilent,
	nodeListedOffline,
	instanceStopped,
	instanceNeverJoined,
	virtualKubeletDown,
	podPending,
	podFailing,
	podWithoutInstance,
	nodeNotReady,
	instanceWithoutPod,
	udpBlocked,
	relayDown,
	noUnderlay,
	pathFlapping,
	wireguardDead,
	oneWay,
	tunnelLossy,
	bigPacketsLost,
	tunnelSlow,
	magicdnsDead,
	magicdnsOnNodeDead,
	nameOutsideTailnet,
	nameUnknown,
	nameWrongAddress,
	targetForbidden,
	serviceRefused,
	serviceFiltered,
	proxyRefuses,
	connectionReset,
	certificateExpired,
	certificateUntrusted,
	certificateSoon,
	tlsFailed,
	serviceHangs,
	serviceWrongStatus,
	serviceWrongContent,
	serviceProtocol,
	publiclyExposed,
	serviceSlow,
	gpuSmiHangs,
	gpuLost,
	gpuDriverMismatch,
	gpuMissing,
	gpuUnreadable,
	gpuFull,
	gpuThrottled,
	poolShort,
	unexplained,
];
