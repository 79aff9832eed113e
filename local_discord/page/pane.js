// A channel or thread on the page: header, messages, composer. There are two: the middle one, and a thread's.

import { fill, h, refill } from "./dom.js";
import { dismiss } from "./dismissed.js";
import { Composer } from "./composer.js";
import { t } from "./i18n.js";
import { follow } from "./interactions.js";
import { askFor, markRead } from "./live.js";
import { MessageList } from "./messagelist.js";
import { whenReleased } from "./press.js";
import { DM, channelById, channelLabel, memberById, on, state } from "./store.js";
import { toast } from "./toast.js";

const HIGHLIGHT_MS = 2500;

export class Pane {
  /**
   * @param {HTMLElement} root
   * @param {(pane: Pane) => HTMLElement} header makes what stands above the messages
   */
  constructor(root, header) {
    this.root = root;
    this.makeHeader = header;
    this.id = "";
    this.wanted = "";
    /** @type {"start" | "center"} */
    this.block = "center";
    this.headline = h("header", { class: "pane-head" });
    this.list = new MessageList(this);
    this.composer = new Composer(this);
    this.denied = h("div", { class: "denied", hidden: true });
    fill(root, this.headline, this.denied, this.list.element, this.composer.element);
    const paint = () => this.paint();
    const arrived = () => this.arrived();
    on("state", () => whenReleased(paint));
    on("commands", () => this.composer.update());
    on("messages", ({ channel }) => channel === this.channel?.id && whenReleased(arrived));
    on("missing", ({ channel, message }) => channel === this.channel?.id && this.missed(message));
    for (const name of ["focus", "visibilitychange"]) addEventListener(name, () => this.read());
  }

  /** The channel as the viewer has it; undefined when it may not be viewed. */
  get channel() {
    return channelById(this.id);
  }

  /**
   * Show a channel.
   * @param {string} id "" shows nothing
   * @param {string} [message] a message to go to
   * @param {boolean} [top] it is to stand at the top, else in the middle
   */
  show(id, message = "", top = false) {
    this.wanted = message;
    this.block = top ? "start" : "center";
    if (id !== this.id) {
      this.id = id;
      this.list.reset();
      this.composer.reset();
    }
    this.root.hidden = !id;
    this.paint();
    if (message) this.jumpTo(message);
  }

  /** The viewer is somebody else now. */
  restart() {
    const { id } = this;
    this.id = "";
    this.show(id);
  }

  paint() {
    if (!this.id || !state.ready) return;
    const { channel } = this;
    const mayView = Boolean(channel) || this.id === DM;
    refill(this.headline, this.makeHeader(this));
    this.denied.hidden = mayView;
    this.list.element.hidden = !mayView;
    this.composer.element.hidden = !mayView;
    if (!mayView) {
      const name = memberById(state.me)?.name ?? "";
      fill(this.denied, h("h2", {}, t("pane.denied", { name })), h("p", {}, t("pane.denied_hint")));
      return;
    }
    this.composer.update();
    this.list.paint();
    this.read();
  }

  arrived() {
    this.list.paint();
    if (this.list.itemOf(this.wanted)) this.jumpTo(this.wanted);
    this.read();
  }

  /** The message that was wanted is not there, or too far back. */
  missed(id) {
    if (id !== this.wanted) return;
    this.wanted = "";
    toast(t("pane.no_message"));
  }

  /** What is at the bottom and in sight has been read. */
  read() {
    const { channel } = this;
    const seen = document.visibilityState === "visible" && document.hasFocus() && !this.root.hidden;
    if (channel?.unread && seen && this.list.isAtEnd && this.list.isPainted) markRead(channel.id);
  }

  /** Scroll to a message and show it lit for a moment; one that is further back is asked for first. @param {string} id */
  jumpTo(id) {
    const item = this.list.itemOf(id);
    if (!item) {
      this.wanted = id;
      askFor(this.channel?.id ?? this.id, id);
      return;
    }
    this.wanted = "";
    item.scrollIntoView({ block: this.block });
    this.list.scrolled();
    this.list.select(item);
    item.classList.add("lit");
    setTimeout(() => item.classList.remove("lit"), HIGHLIGHT_MS);
  }

  /** Hide a message that only the viewer sees. @param {string} id */
  dismiss(id) {
    dismiss(id);
    this.list.paint();
    this.composer.focus();
  }

  /**
   * Run a command and show what happens until the bot has answered.
   * @param {string} name
   * @param {() => Promise<{interaction: string}>} act
   * @param {(reason: string, field: string) => void} [onrefused] it was refused before the bot saw it
   */
  async run(name, act, onrefused = toast) {
    const notice = this.list.notice(name);
    const outcome = await follow(act);
    if (outcome.kind === "silent") notice.fail(t("msg.no_answer"));
    else notice.remove();
    if (outcome.kind === "refused") onrefused(outcome.reason ?? "", outcome.field ?? "");
  }

  get label() {
    return this.channel ? channelLabel(this.channel) : state.application.name;
  }
}
