// The scenes beside the tea club: one page each, `page/scenes/<name>/`, opened by a launch of its own.

import { element } from './dom'
import { language, onLanguage } from './language'

interface Scene {
  /** Name of its directory. */
  name: string
  title: readonly [en: string, zh: string]
}

const scenes: readonly Scene[] = [
  { name: 'operations', title: ['Under an alias', '化名操作'] },
  { name: 'areas', title: ['Areas and erasure', '区域与删除'] },
  { name: 'vault', title: ['The vault is away', '保险库停摆'] },
  { name: 'offline', title: ['Without a network', '离线场景'] },
]

/** Links to all scenes, from the partner's app. */
export function showScenes(nav: HTMLElement): void {
  nav.hidden = scenes.length === 0
  onLanguage((now) => {
    nav.replaceChildren(
      ...scenes.map(({ name, title }) =>
        element(
          'a',
          { href: `/demo/launch?scene=${name}`, target: '_blank' },
          title[now === 'zh' ? 1 : 0],
        ),
      ),
    )
  })
}

/** The way back from a scene to the partner's app, another origin. */
export async function linkToApp(link: HTMLAnchorElement): Promise<void> {
  const response = await fetch('/demo/config')
  const { app } = (await response.json()) as { app: string }
  link.href = `${app}/?lang=${language()}`
}
