import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { proto } from 'baileys';

const { Type } = proto.Message.ProtocolMessage;
const { HistorySyncType } = proto.HistorySync;

function keyShare() {
  const keyData = {
    keyData: randomBytes(32),
    fingerprint: { rawId: randomBytes(4).readUInt32BE(), currentIndex: 0, deviceIndexes: [0, 1] },
    timestamp: Date.now(),
  };
  const keys = [{ keyId: { keyId: randomBytes(6) }, keyData }];
  return { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } };
}

function bootstrap(account) {
  const history = proto.HistorySync.encode({
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    chunkOrder: 0,
    progress: 100,
    conversations: [],
    pushnames: [{ id: account.jid(), pushname: account.name }],
    phoneNumberToLidMappings: [{ pnJid: account.jid(), lidJid: account.lid() }],
  }).finish();
  return {
    syncType: HistorySyncType.INITIAL_BOOTSTRAP,
    chunkOrder: 0,
    progress: 100,
    initialHistBootstrapInlinePayload: deflateSync(history),
  };
}

/**
 * What a phone sends a companion after its first login: a key for the synchronised settings, and its history, which
 * begins with an empty part. Clients hold their events back until the history came (Baileys: for 20 s).
 * @param {import('./simulator.js').Server} server
 * @param {import('./accounts.js').Account} account
 * @param {import('./accounts.js').Companion} companion
 * @returns {Promise<proto.IMessage[]>}
 */
export async function greetings(server, account, companion) {
  const histories = [
    bootstrap(account),
    ...(await server.histories.tell(account, companion.wantsFullHistory === true)),
  ];
  const notifications = histories.map((historySyncNotification) => ({
    type: Type.HISTORY_SYNC_NOTIFICATION,
    historySyncNotification,
  }));
  return [keyShare(), ...notifications].map((protocolMessage) => ({ protocolMessage }));
}
