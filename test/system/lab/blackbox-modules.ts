/** Modules as blackbox_exporter's own example has them, and more, for both to read: `directory` holds the lab's certificates. */

import {baseConfig} from './prober.ts';
import type {Tailnet} from './tailnet.ts';

/** Text of a blackbox.yml. */
export function blackboxModules(directory: string, fixtures: string): string {
	return `
modules:
  http_2xx: {prober: http, timeout: 3s}
  http_tailnet: {prober: http, timeout: 3s}
  http_ip4:
    prober: http
    timeout: 3s
    http:
      valid_http_versions: ["HTTP/1.1", "HTTP/2.0"]
      valid_status_codes: []
      method: GET
      headers: {Host: vhost.example.com, Origin: example.com}
      http_headers: {Accept-Language: {values: [en-US]}}
      follow_redirects: true
      fail_if_body_matches_regexp: ["Could not connect to database"]
      fail_if_body_not_matches_regexp: ["The door is (open|ajar)"]
      fail_if_header_matches: [{header: Set-Cookie, allow_missing: true, regexp: ".*"}]
      fail_if_header_not_matches: [{header: X-Door, regexp: "^(open|ajar)$"}]
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
  http_404: {prober: http, timeout: 3s, http: {valid_status_codes: [404]}}
  http_stays: {prober: http, timeout: 3s, http: {follow_redirects: false}}
  http_stays_302: {prober: http, timeout: 3s, http: {follow_redirects: false, valid_status_codes: [302]}}
  http_body_fails: {prober: http, timeout: 3s, http: {fail_if_body_matches_regexp: ["door .. open"]}}
  http_body_lacks: {prober: http, timeout: 3s, http: {fail_if_body_not_matches_regexp: ["shut"]}}
  http_header_fails: {prober: http, timeout: 3s, http: {fail_if_header_matches: [{header: X-Door, regexp: open}]}}
  http_post_2xx: {prober: http, timeout: 3s, http: {method: POST, headers: {Content-Type: application/json}, body: "{}"}}
  http_gzip: {prober: http, timeout: 3s, http: {compression: gzip, headers: {Accept-Encoding: gzip}}}
  http_limit: {prober: http, timeout: 3s, http: {body_size_limit: 10B}}
  http_not_ssl: {prober: http, timeout: 3s, http: {fail_if_not_ssl: true}}
  http_ssl: {prober: http, timeout: 3s, http: {fail_if_ssl: true, tls_config: {insecure_skip_verify: true}}}
  http_h1_only: {prober: http, timeout: 3s, http: {valid_http_versions: ["HTTP/1.1"], tls_config: {insecure_skip_verify: true}}}
  http_no_h2: {prober: http, timeout: 3s, http: {enable_http2: false, tls_config: {insecure_skip_verify: true}}}
  http_own_ca: {prober: http, timeout: 3s, http: {tls_config: {ca_file: ${directory}/ca.pem, server_name: june-orchestrator}}}
  http_lab_ca: {prober: http, timeout: 3s, http: {tls_config: {ca_file: ${directory}/ca.pem}}}
  http_fixture_ca: {prober: http, timeout: 3s, http: {tls_config: {ca_file: ${fixtures}/ca.pem, server_name: localhost}}}
  http_insecure: {prober: http, timeout: 3s, http: {tls_config: {insecure_skip_verify: true}}}
  http_tls12: {prober: http, timeout: 3s, http: {tls_config: {insecure_skip_verify: true, max_version: TLS12}}}
  http_ip6_only: {prober: http, timeout: 3s, http: {preferred_ip_protocol: ip6, ip_protocol_fallback: false}}
  tcp_connect: {prober: tcp, timeout: 3s}
  tcp_tailnet: {prober: tcp, timeout: 3s}
  tls_connect: {prober: tcp, timeout: 3s, tcp: {tls: true, tls_config: {ca_file: ${directory}/ca.pem, server_name: june-orchestrator}}}
  tls_untrusted: {prober: tcp, timeout: 3s, tcp: {tls: true}}
  ssh_banner:
    prober: tcp
    timeout: 3s
    tcp: {query_response: [{expect: "^SSH-([0-9.]+)-(.+)", labels: [{name: protocol, value: "\${1}"}, {name: software, value: "\${2}"}]}]}
  ssh_bytes: {prober: tcp, timeout: 2s, tcp: {query_response: [{expect_bytes: "SSH-1"}]}}
  smtp_starttls:
    prober: tcp
    timeout: 3s
    tcp:
      query_response:
        - expect: "^220 ([^ ]+) ESMTP (.+)$"
        - send: "EHLO prober\\r"
        - expect: "^250-STARTTLS"
        - send: "STARTTLS\\r"
        - expect: "^220"
        - starttls: true
        - send: "EHLO prober\\r"
        - expect: "^250-AUTH"
        - send: "QUIT\\r"
      tls_config: {ca_file: ${directory}/ca.pem, server_name: june-orchestrator}
  icmp: {prober: icmp, timeout: 2s}
  icmp_tailnet: {prober: icmp, timeout: 2s}
  dns_www: {prober: dns, timeout: 2s, dns: {query_name: www.zone.lab, query_type: A}}
  dns_tailnet: {prober: dns, timeout: 2s, dns: {query_name: www.zone.lab, query_type: AAAA}}
  dns_tcp: {prober: dns, timeout: 2s, dns: {query_name: www.zone.lab, query_type: A, transport_protocol: tcp, preferred_ip_protocol: ip4}}
  dns_soa: {prober: dns, timeout: 2s, dns: {query_name: zone.lab, query_type: SOA}}
  dns_mx:
    prober: dns
    timeout: 2s
    dns:
      query_name: www.zone.lab
      query_type: MX
      validate_answer_rrs: {fail_if_not_matches_regexp: ["^www.zone.lab.\\t300\\tIN\\tMX\\t10 mail.zone.lab.$"]}
      validate_authority_rrs: {fail_if_none_matches_regexp: ["NS\\tns.zone.lab"]}
      validate_additional_rrs: {fail_if_matches_regexp: [".*127.0.0.1"]}
  dns_txt: {prober: dns, timeout: 2s, dns: {query_name: www.zone.lab, query_type: TXT, validate_answer_rrs: {fail_if_none_matches_regexp: ['TXT\\t"some \\\\"words\\\\"" "more"$']}}}
  dns_wrong: {prober: dns, timeout: 2s, dns: {query_name: www.zone.lab, query_type: A, validate_answer_rrs: {fail_if_matches_regexp: [".*10.1.2.4"]}}}
  dns_refused: {prober: dns, timeout: 2s, dns: {query_name: refused.zone.lab, query_type: A}}
  dns_refused_wanted: {prober: dns, timeout: 2s, dns: {query_name: refused.zone.lab, query_type: A, valid_rcodes: [REFUSED]}}
  dns_missing: {prober: dns, timeout: 2s, dns: {query_name: missing.zone.lab, query_type: A}}
  dns_empty: {prober: dns, timeout: 2s, dns: {query_name: empty.zone.lab, query_type: A}}
  dns_silent: {prober: dns, timeout: 1s, dns: {query_name: silent.zone.lab, query_type: A}}
`;
}

/** A configuration of tailprobe that takes them from `blackbox.yml` beside it. Modules for addresses of the underlay are direct, those named so for the tailnet. */
export function blackboxConfig(tailnet: Tailnet): string {
	const names = [...blackboxModules('', '').matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
	const forTailnet = names.filter(name => name.endsWith('_tailnet'));
	const direct = names.filter(name => !name.endsWith('_tailnet'));
	return `${baseConfig(tailnet)}
module_files:
  - {path: blackbox.yml, via: tailnet, trust_adhoc: true, only: [${forTailnet.join(', ')}]}
  - {path: blackbox.yml, via: direct, trust_adhoc: true, only: [${direct.join(', ')}]}
adhoc: {allow: [10.77.0.0/24]}
`;
}
