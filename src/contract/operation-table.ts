/** Every operation, by name. It loads every schema: the daemon and the generators read it, the command line reads `verbs.ts`. */
import { catalogAdd } from "./operations/catalog-add.ts";
import { catalogList } from "./operations/catalog-list.ts";
import { catalogRemove } from "./operations/catalog-remove.ts";
import { catalogUpdate } from "./operations/catalog-update.ts";
import { configShow } from "./operations/config-show.ts";
import { daemonStop } from "./operations/daemon-stop.ts";
import { daemonVersion } from "./operations/daemon-version.ts";
import { imageBundle } from "./operations/image-bundle.ts";
import { imageBuild } from "./operations/image-build.ts";
import { imageDelete } from "./operations/image-delete.ts";
import { imageImport } from "./operations/image-import.ts";
import { imageList } from "./operations/image-list.ts";
import { imagePromote } from "./operations/image-promote.ts";
import { imagePrune } from "./operations/image-prune.ts";
import { imagePull } from "./operations/image-pull.ts";
import { imageRename } from "./operations/image-rename.ts";
import { imageMakeBundle } from "./operations/image-make-bundle.ts";
import { imageRegister } from "./operations/image-register.ts";
import { imageShow } from "./operations/image-show.ts";
import { imageTag } from "./operations/image-tag.ts";
import { kernelBundle } from "./operations/kernel-bundle.ts";
import { kernelDelete } from "./operations/kernel-delete.ts";
import { kernelBuild } from "./operations/kernel-build.ts";
import { kernelImport } from "./operations/kernel-import.ts";
import { kernelList } from "./operations/kernel-list.ts";
import { kernelRename } from "./operations/kernel-rename.ts";
import { kernelPull } from "./operations/kernel-pull.ts";
import { kernelShow } from "./operations/kernel-show.ts";
import { networkCreate } from "./operations/network-create.ts";
import { networkDelete } from "./operations/network-delete.ts";
import { networkList } from "./operations/network-list.ts";
import { operationCancel } from "./operations/operation-cancel.ts";
import { operationEvents } from "./operations/operation-events.ts";
import { operationList } from "./operations/operation-list.ts";
import { operationShow } from "./operations/operation-show.ts";
import { systemDoctor } from "./operations/system-doctor.ts";
import { sshConnect } from "./operations/ssh-connect.ts";
import { sshPlaces } from "./operations/ssh-places.ts";
import { sshPrepare } from "./operations/ssh-prepare.ts";
import { systemDf } from "./operations/system-df.ts";
import { systemPrune } from "./operations/system-prune.ts";
import { systemVersion } from "./operations/system-version.ts";
import { vmConsole } from "./operations/vm-console.ts";
import { vmCopy } from "./operations/vm-copy.ts";
import { vmCreate } from "./operations/vm-create.ts";
import { vmDial } from "./operations/vm-dial.ts";
import { vmForward } from "./operations/vm-forward.ts";
import { vmDelete } from "./operations/vm-delete.ts";
import { vmExec } from "./operations/vm-exec.ts";
import { vmFollow } from "./operations/vm-follow.ts";
import { vmKill } from "./operations/vm-kill.ts";
import { vmList } from "./operations/vm-list.ts";
import { vmLogs } from "./operations/vm-logs.ts";
import { vmPause } from "./operations/vm-pause.ts";
import { vmPorts } from "./operations/vm-ports.ts";
import { vmRename } from "./operations/vm-rename.ts";
import { vmResume } from "./operations/vm-resume.ts";
import { vmSet } from "./operations/vm-set.ts";
import { vmShow } from "./operations/vm-show.ts";
import { vmStart } from "./operations/vm-start.ts";
import { vmStats } from "./operations/vm-stats.ts";
import { vmStop } from "./operations/vm-stop.ts";

export const OPERATIONS = {
  "vm.create": vmCreate,
  "vm.list": vmList,
  "vm.show": vmShow,
  "vm.start": vmStart,
  "vm.stop": vmStop,
  "vm.kill": vmKill,
  "vm.pause": vmPause,
  "vm.resume": vmResume,
  "vm.set": vmSet,
  "vm.rename": vmRename,
  "vm.delete": vmDelete,
  "vm.exec": vmExec,
  "vm.copy": vmCopy,
  "vm.dial": vmDial,
  "vm.forward": vmForward,
  "ssh.places": sshPlaces,
  "ssh.prepare": sshPrepare,
  "ssh.connect": sshConnect,
  "vm.console": vmConsole,
  "vm.logs": vmLogs,
  "vm.follow": vmFollow,
  "vm.stats": vmStats,
  "vm.ports": vmPorts,
  "kernel.pull": kernelPull,
  "kernel.import": kernelImport,
  "kernel.build": kernelBuild,
  "kernel.list": kernelList,
  "kernel.show": kernelShow,
  "kernel.rename": kernelRename,
  "kernel.bundle": kernelBundle,
  "kernel.delete": kernelDelete,
  "image.pull": imagePull,
  "image.import": imageImport,
  "image.promote": imagePromote,
  "image.build": imageBuild,
  "image.make-bundle": imageMakeBundle,
  "image.register": imageRegister,
  "image.list": imageList,
  "image.show": imageShow,
  "image.bundle": imageBundle,
  "image.tag": imageTag,
  "image.rename": imageRename,
  "image.delete": imageDelete,
  "image.prune": imagePrune,
  "catalog.list": catalogList,
  "catalog.add": catalogAdd,
  "catalog.update": catalogUpdate,
  "catalog.remove": catalogRemove,
  "network.create": networkCreate,
  "network.list": networkList,
  "network.delete": networkDelete,
  "operation.list": operationList,
  "operation.show": operationShow,
  "operation.cancel": operationCancel,
  "operation.events": operationEvents,
  "config.show": configShow,
  "system.doctor": systemDoctor,
  "system.df": systemDf,
  "system.prune": systemPrune,
  "system.version": systemVersion,
  "daemon.version": daemonVersion,
  "daemon.stop": daemonStop,
} as const;

export type Operations = typeof OPERATIONS;
/** `vm.create` and so on. */
export type OperationName = keyof Operations;
/** Names of the operations of one kind. */
export type NameOfKind<Kind extends Operations[OperationName]["kind"]> = {
  [Name in OperationName]: Operations[Name]["kind"] extends Kind ? Name : never;
}[OperationName];
