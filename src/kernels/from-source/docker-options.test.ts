/** What Docker asks of a kernel: the options without which it does not work, and those for its overlay networks, limits and storage. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkFragment, parseFragment } from "./fragment.ts";

const path = join(import.meta.dir, "../../../kernels/generic-6.12.config");
const wanted = new Map(parseFragment(readFileSync(path, "utf8"), path).map(({ option, value }) => [option, value]));

const NECESSARY =
  "NAMESPACES NET_NS PID_NS IPC_NS UTS_NS CGROUPS CGROUP_CPUACCT CGROUP_DEVICE CGROUP_FREEZER CGROUP_SCHED CPUSETS MEMCG KEYS VETH BRIDGE BRIDGE_NETFILTER IP_NF_FILTER IP_NF_MANGLE IP_NF_RAW IP_NF_NAT IP_NF_TARGET_MASQUERADE IP6_NF_FILTER IP6_NF_MANGLE IP6_NF_RAW IP6_NF_NAT IP6_NF_TARGET_MASQUERADE NETFILTER_XT_MATCH_ADDRTYPE NETFILTER_XT_MATCH_CONNTRACK NETFILTER_XT_MATCH_IPVS NETFILTER_XT_MARK NF_NAT POSIX_MQUEUE CGROUP_BPF";
const USEFUL =
  "USER_NS SECCOMP SECCOMP_FILTER CGROUP_PIDS BLK_CGROUP BLK_DEV_THROTTLING CGROUP_PERF CGROUP_HUGETLB NET_CLS_CGROUP CGROUP_NET_PRIO CFS_BANDWIDTH FAIR_GROUP_SCHED IP_NF_TARGET_REDIRECT IP_VS IP_VS_NFCT IP_VS_PROTO_TCP IP_VS_PROTO_UDP IP_VS_RR EXT4_FS EXT4_FS_POSIX_ACL EXT4_FS_SECURITY VXLAN BRIDGE_VLAN_FILTERING CRYPTO CRYPTO_AEAD CRYPTO_GCM CRYPTO_SEQIV CRYPTO_GHASH XFRM_USER XFRM_ALGO INET_ESP NETFILTER_XT_MATCH_BPF IPVLAN MACVLAN DUMMY NF_CONNTRACK_FTP NF_CONNTRACK_TFTP OVERLAY_FS";

test.each(`${NECESSARY} ${USEFUL}`.split(" "))("the generic kernel has CONFIG_%s for Docker", (name) => {
  expect(wanted.get(`CONFIG_${name}`)).toBe("y");
});

test("the generic kernel has no modules, and tells its own configuration", () => {
  expect(wanted.get("CONFIG_MODULES")).toBe("n");
  expect(wanted.get("CONFIG_IKCONFIG_PROC")).toBe("y");
});

test("all lines that did not come out as they were wanted are named", () => {
  const fragment = parseFragment('CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x y"\nCONFIG_D=64\n', "f");
  checkFragment(fragment, 'CONFIG_A=y\nCONFIG_C="x y"\nCONFIG_D=64\n', "f");
  expect(() => checkFragment(fragment, "CONFIG_A=m\nCONFIG_B=y\n", "f")).toThrow(
    'CONFIG_A=y became m, CONFIG_B=n became y, CONFIG_C="x y" became n, CONFIG_D=64 became n',
  );
});

test("what is no line of a configuration is told with its number", () => {
  expect(() => parseFragment("CONFIG_A=y\nfoo\n\nbar=1\n", "f")).toThrow("line 2, 4 is not of the form");
  expect(() => parseFragment("# nothing\n", "f")).toThrow("it has no line");
});
