<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The pickup behind the mailed URL, in three steps. Never name the pickup's own path anywhere but in its forms. -->

    <xsl:template name="pickup-steps">
        <xsl:param name="at"/>
        <ol class="wizard" m:aria-label="pickup.steps">
            <li><xsl:if test="$at = 1"><xsl:attribute name="aria-current">step</xsl:attribute></xsl:if><xsl:if test="$at &gt; 1"><xsl:attribute name="class">past</xsl:attribute></xsl:if><m:t k="pickup.step1"/></li>
            <li><xsl:if test="$at = 2"><xsl:attribute name="aria-current">step</xsl:attribute></xsl:if><xsl:if test="$at &gt; 2"><xsl:attribute name="class">past</xsl:attribute></xsl:if><m:t k="pickup.step2"/></li>
            <li><xsl:if test="$at = 3"><xsl:attribute name="aria-current">step</xsl:attribute></xsl:if><m:t k="pickup.step3"/></li>
        </ol>
    </xsl:template>

    <xsl:template match="pickup" mode="what">
        <dl class="facts card">
            <div>
                <dt><m:t k="pickup.what"/></dt>
                <dd><xsl:call-template name="what"/><span class="sub"><m:t k="pickup.kind.{@kind}" number="@number"/></span></dd>
            </div>
            <xsl:if test="@memo != ''"><div><dt><m:t k="fact.memo"/></dt><dd><xsl:value-of select="@memo"/></dd></div></xsl:if>
            <div><dt><m:t k="pickup.whom"/></dt><dd><xsl:value-of select="i:name(owner)"/><span class="sub"><xsl:value-of select="owner/@mail"/></span></dd></div>
            <div><dt><m:t k="pickup.until"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@until"/></xsl:call-template></dd></div>
        </dl>
    </xsl:template>

    <!-- Step 1: the PIN -->
    <xsl:template match="pickup-pin" mode="title"><m:t k="pickup.pin.title"/></xsl:template>
    <xsl:template match="pickup-pin" mode="main">
        <xsl:variable name="problem" select="problem[@field = 'pin']"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="pickup.pin.title"/></h1>
        <xsl:call-template name="pickup-steps"><xsl:with-param name="at" select="1"/></xsl:call-template>
        <xsl:if test="@collected"><div class="notice"><xsl:call-template name="icon-note"/><p><m:t k="pickup.pin.collected"/></p></div></xsl:if>
        <xsl:apply-templates select="pickup" mode="what"/>
        <form method="post" action="{pickup/@action}" autocomplete="off">
            <xsl:call-template name="csrf"/>
            <div class="field">
                <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                <label for="pin"><m:t k="pickup.pin.label"/></label>
                <p class="hint" id="pin-hint"><m:t k="pickup.pin.hint"/></p>
                <xsl:apply-templates select="$problem" mode="beside"/>
                <input type="text" id="pin" name="pin" class="pin-field" required="required" autofocus="autofocus" maxlength="64"
                       autocomplete="one-time-code" autocapitalize="none" autocorrect="off" spellcheck="false">
                    <xsl:attribute name="aria-describedby">pin-hint<xsl:if test="$problem"> pin-problem</xsl:if></xsl:attribute>
                    <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                </input>
            </div>
            <p class="actions"><button type="submit" class="main"><m:t k="next"/></button></p>
        </form>
        <xsl:apply-templates select="qr"/>
        <section class="aside" aria-labelledby="where">
            <h2 id="where"><m:t k="pickup.where"/></h2>
            <xsl:if test="pickup/@type = 'officer'"><p><xsl:choose>
                <xsl:when test="pickup/@kind = 'renewal'"><m:t k="pickup.where.renewal"><m:with name="link"><a href="{@desk}/renew"><m:t k="pickup.where.renewal.link"/></a></m:with></m:t></xsl:when>
                <xsl:otherwise><m:t k="pickup.where.sheet"/></xsl:otherwise>
            </xsl:choose></p></xsl:if>
            <xsl:if test="pickup/@type != 'officer'"><ul>
                <li><xsl:choose>
                    <xsl:when test="pickup/@by-desk"><m:t k="pickup.where.desk"/></xsl:when>
                    <xsl:otherwise><m:t k="pickup.where.portal">
                        <m:with name="link"><a href="/certificates/{pickup/@number}"><m:t k="pickup.where.link" number="pickup/@number"/></a></m:with>
                    </m:t></xsl:otherwise>
                </xsl:choose></li>
                <xsl:if test="pickup/@pin-mailed"><li><m:t k="pickup.where.mail"/></li></xsl:if>
            </ul></xsl:if>
        </section>
    </xsl:template>

    <!-- Step 2: what will be issued, and for which device -->
    <xsl:template match="pickup-choose" mode="title"><m:t k="pickup.choose.title"/></xsl:template>
    <xsl:template match="pickup-choose" mode="main">
        <xsl:variable name="problem" select="problem[@field = 'password']"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="pickup.choose.title"/></h1>
        <xsl:call-template name="pickup-steps"><xsl:with-param name="at" select="2"/></xsl:call-template>
        <dl class="facts card">
            <div><dt><m:t k="pickup.what"/></dt><dd><xsl:for-each select="pickup"><xsl:call-template name="what"/></xsl:for-each></dd></div>
            <div><dt><m:t k="fact.name"/></dt><dd><xsl:value-of select="subject/@name"/><span class="sub"><xsl:value-of select="subject/@mail"/></span></dd></div>
            <div><dt><m:t k="fact.not-after"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="pickup/@not-after"/></xsl:call-template></dd></div>
            <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="subject/@text"/></dd></div>
            <xsl:if test="subject/@issuer != ''"><div><dt><m:t k="fact.issuer"/></dt><dd><xsl:value-of select="subject/@issuer"/></dd></div></xsl:if>
        </dl>
        <form method="post" action="{pickup/@action}/download" autocomplete="off" data-download="after">
            <xsl:call-template name="csrf"/>
            <input type="hidden" name="pin" value="{@pin}"/>
            <fieldset id="device">
                <legend><m:t k="pickup.device"/></legend>
                <xsl:apply-templates select="problem[@field = 'device']" mode="beside"/>
                <div class="devices"><xsl:apply-templates select="device"/></div>
            </fieldset>
            <xsl:apply-templates select="qr"/>
            <xsl:if test="password/@required"><xsl:call-template name="own-password"/></xsl:if>
            <details class="more">
                <xsl:if test="($problem and not(password/@required)) or @encoding or problem[@field = 'key' or @field = 'encoding']"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
                <summary>
                    <xsl:choose>
                        <xsl:when test="password/@required"><m:t k="pickup.more.file"/></xsl:when>
                        <xsl:otherwise><m:t k="pickup.more"/></xsl:otherwise>
                    </xsl:choose>
                </summary>
                <xsl:if test="not(password/@required)"><xsl:call-template name="own-password"/></xsl:if>
                <div class="field">
                    <label for="encoding"><m:t k="pickup.encoding"/></label>
                    <p class="hint" id="encoding-hint"><m:t k="pickup.encoding.hint"/></p>
                    <select id="encoding" name="encoding" aria-describedby="encoding-hint">
                        <option value=""><m:t k="pickup.encoding.device"/></option>
                        <option value="modern"><xsl:if test="@encoding = 'modern'"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="pickup.encoding.modern"/></option>
                        <option value="older"><xsl:if test="@encoding = 'older'"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="pickup.encoding.older"/></option>
                    </select>
                </div>
                <xsl:if test="key">
                    <div class="field">
                        <label for="key"><m:t k="pickup.key"/></label>
                        <p class="hint" id="key-hint"><m:t k="pickup.key.hint"/></p>
                        <select id="key" name="key" aria-describedby="key-hint">
                            <xsl:for-each select="key">
                                <option value="{@kind}">
                                    <xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if>
                                    <xsl:value-of select="i:message('key.', @kind)"/>
                                    <xsl:if test="@chosen"><xsl:text> </xsl:text><m:t k="pickup.key.default"/></xsl:if>
                                </option>
                            </xsl:for-each>
                        </select>
                    </div>
                </xsl:if>
            </details>
            <p class="actions"><button type="submit" class="main"><m:t k="pickup.download"/></button></p>
            <p class="hint"><m:t k="pickup.download.hint"/></p>
            <xsl:if test="@profile">
                <div class="apple">
                    <p class="actions"><button type="submit" name="format" value="mobileconfig"><m:t k="pickup.profile"/></button></p>
                    <p class="hint"><m:t k="pickup.profile.hint"/></p>
                </div>
            </xsl:if>
        </form>
        <xsl:call-template name="ownkey"/>
        <section class="card after" id="after" aria-labelledby="after-title">
            <h2 id="after-title"><m:t k="pickup.after"/></h2>
            <p><m:t k="pickup.after.text"/></p>
            <form method="post" action="{pickup/@action}" id="file">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <input type="hidden" name="go_on" value="1"/>
                <button type="submit"><m:t k="pickup.after.go"/></button>
            </form>
        </section>
    </xsl:template>

    <!-- The page's own URL for a phone. Dark on light in both schemes: not every reader knows the other way round. -->
    <xsl:template match="qr">
        <details class="more phone" id="phone">
            <summary>
                <xsl:choose>
                    <xsl:when test="parent::pickup"><m:t k="pickup.phone.pin.read"/></xsl:when>
                    <xsl:otherwise><m:t k="pickup.phone"/></xsl:otherwise>
                </xsl:choose>
            </summary>
            <div class="qr">
                <svg viewBox="0 0 {@size} {@size}" width="200" height="200" role="img" m:aria-label="pickup.phone.code">
                    <rect class="qr-light" width="{@size}" height="{@size}"/><path class="qr-dark" d="{@modules}"/>
                </svg>
                <div>
                    <p><m:t k="pickup.phone.text"/></p>
                    <p class="hint">
                        <xsl:choose>
                            <xsl:when test="parent::pickup"><m:t k="pickup.phone.page"/></xsl:when>
                            <xsl:when test="../pickup/@pin-mailed"><m:t k="pickup.phone.login"/></xsl:when>
                            <xsl:otherwise><m:t k="pickup.phone.pin"/></xsl:otherwise>
                        </xsl:choose>
                    </p>
                </div>
            </div>
        </details>
    </xsl:template>

    <!-- The rules are told before anybody types; which of them was broken stands beside the field. -->
    <xsl:template name="own-password">
        <xsl:variable name="problem" select="problem[@field = 'password']"/>
        <div class="field">
            <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
            <label for="password">
                <xsl:choose>
                    <xsl:when test="password/@required"><m:t k="pickup.password.required"/></xsl:when>
                    <xsl:otherwise><m:t k="pickup.password"/></xsl:otherwise>
                </xsl:choose>
            </label>
            <div class="hint" id="password-hint">
                <p>
                    <xsl:choose>
                        <xsl:when test="password/@required"><m:t k="pickup.password.for"/></xsl:when>
                        <xsl:otherwise><m:t k="pickup.password.hint"/></xsl:otherwise>
                    </xsl:choose>
                </p>
                <xsl:apply-templates select="password" mode="rules"/>
            </div>
            <xsl:apply-templates select="$problem" mode="beside"/>
            <input type="password" id="password" name="password" autocomplete="new-password" maxlength="{password/@longest}">
                <xsl:if test="password/@required"><xsl:attribute name="required">required</xsl:attribute></xsl:if>
                <xsl:attribute name="aria-describedby">password-hint<xsl:if test="$problem"> password-problem</xsl:if></xsl:attribute>
                <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
            </input>
        </div>
        <div class="field">
            <label for="password_again"><m:t k="pickup.password.again"/></label>
            <input type="password" id="password_again" name="password_again" autocomplete="new-password" maxlength="{password/@longest}">
                <xsl:if test="password/@required"><xsl:attribute name="required">required</xsl:attribute></xsl:if>
            </input>
        </div>
        <label class="choice small" hidden="hidden" data-reveal="password password_again"><input type="checkbox"/><span><m:t k="pickup.password.show"/></span></label>
    </xsl:template>

    <xsl:template match="password" mode="rules">
        <ul>
            <li>
                <xsl:choose>
                    <xsl:when test="@advised"><m:t k="password.advised" shortest="@shortest" longest="@longest" advised="@advised"/></xsl:when>
                    <xsl:otherwise><m:t k="password.length" shortest="@shortest" longest="@longest"/></xsl:otherwise>
                </xsl:choose>
            </li>
            <li>
                <xsl:choose>
                    <xsl:when test="@any"><m:t k="password.any"/></xsl:when>
                    <xsl:otherwise>
                        <m:t k="password.allow"><m:with name="kinds"><xsl:apply-templates select="allow" mode="list"/></m:with></m:t>
                        <xsl:if test="signs"><br/><m:t k="password.signs"><m:with name="signs"><code><xsl:value-of select="signs"/></code></m:with></m:t></xsl:if>
                    </xsl:otherwise>
                </xsl:choose>
            </li>
            <xsl:if test="need"><li><m:t k="password.need"><m:with name="kinds"><xsl:apply-templates select="need" mode="list"/></m:with></m:t></li></xsl:if>
            <xsl:if test="@kinds"><li><m:t k="password.kinds" kinds="@kinds"/></li></xsl:if>
        </ul>
    </xsl:template>
    <xsl:template match="allow | need" mode="list">
        <xsl:value-of select="i:message('password.kind.', @kind)"/><xsl:if test="position() != last()"><m:t k="password.comma"/></xsl:if>
    </xsl:template>

    <xsl:template match="device">
        <label class="choice">
            <input type="radio" name="device" value="{@kind}">
                <xsl:if test="@chosen"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
            </input>
            <span><m:t k="device.{@kind}"/><small><m:t k="device.encoding.{@encoding}"/></small></span>
        </label>
    </xsl:template>

    <!-- Step 3: saved? installed? -->
    <xsl:template match="pickup-install" mode="title"><m:t k="pickup.install.title"/></xsl:template>
    <xsl:template match="pickup-install" mode="main">
        <h1><m:t k="pickup.install.title"/></h1>
        <xsl:call-template name="pickup-steps"><xsl:with-param name="at" select="3"/></xsl:call-template>
        <section class="card saved" aria-labelledby="saved">
            <h2 id="saved"><m:t k="pickup.saved"/></h2>
            <p><m:t k="pickup.saved.text"><m:with name="file"><code><xsl:value-of select="@file"/></code></m:with></m:t></p>
            <p>
                <m:t k="pickup.again"><m:with name="until"><strong><xsl:call-template name="moment"><xsl:with-param name="at" select="pickup/@until"/></xsl:call-template></strong></m:with></m:t>
            </p>
            <form method="post" action="{pickup/@action}/download">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <p class="actions">
                    <button type="submit"><m:t k="pickup.again.do"/></button>
                    <xsl:if test="@profile and (guide[@open]/@system = 'ios' or guide[@open]/@system = 'macos')">
                        <button type="submit" name="format" value="mobileconfig"><m:t k="pickup.profile"/></button>
                    </xsl:if>
                </p>
            </form>
        </section>
        <section aria-labelledby="install">
            <h2 id="install"><m:t k="pickup.install"/></h2>
            <xsl:apply-templates select="qr"/>
            <div class="systems">
                <xsl:apply-templates select="guide"/>
            </div>
        </section>
        <section aria-labelledby="chain">
            <h2 id="chain"><m:t k="pickup.chain"/></h2>
            <p><m:t k="pickup.chain.text"/></p>
            <ul class="downloads">
                <xsl:for-each select="chain/issuer">
                    <li><a href="/ca/{@name}.cer" download="{@name}.cer"><xsl:value-of select="@cn"/><xsl:text> (.cer)</xsl:text></a></li>
                </xsl:for-each>
                <li><a href="/ca"><m:t k="pickup.chain.page"/></a></li>
            </ul>
        </section>
        <xsl:apply-templates select="code" mode="pickup"/>
        <section class="card done" aria-labelledby="done">
            <h2 id="done"><m:t k="pickup.done"/></h2>
            <ol class="plain-steps">
                <xsl:if test="@check"><li><m:t k="pickup.done.check"><m:with name="link"><xsl:call-template name="check-link"/></m:with></m:t></li></xsl:if>
                <li><m:t k="pickup.done.have"/></li>
            </ol>
            <form method="post" action="{pickup/@action}/done">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <button type="submit" class="main"><m:t k="pickup.done.do"/></button>
            </form>
            <p class="hint"><m:t k="pickup.done.hint"/></p>
        </section>
    </xsl:template>

    <xsl:template name="check-link"><a href="{@check}" rel="noopener" target="_blank"><m:t k="pickup.check"/></a></xsl:template>

    <!-- Where it ends -->
    <xsl:template match="pickup-done" mode="title"><m:t k="pickup.over.title"/></xsl:template>
    <xsl:template match="pickup-done" mode="main">
        <xsl:call-template name="ownkey-forget"/>
        <div class="verdict good"><svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true"><circle cx="32" cy="32" r="29" class="fill"/><path d="m20 33 9 9 16-18" class="cut"/></svg><h1><m:t k="pickup.over.title"/></h1></div>
        <p class="lead"><m:t k="pickup.over.text"/></p>
        <ul>
            <xsl:if test="@check"><li><m:t k="pickup.over.check"><m:with name="link"><xsl:call-template name="check-link"/></m:with></m:t></li></xsl:if>
            <li><m:t k="pickup.over.backup.{@type}"/></li>
            <xsl:if test="not(@desk)"><li><m:t k="pickup.over.lost"/></li></xsl:if>
        </ul>
        <p class="actions"><xsl:choose>
            <xsl:when test="@desk"><a class="button main" href="{@desk}"><m:t k="pickup.over.desk"/></a></xsl:when>
            <xsl:otherwise><a class="button main" href="/certificates/{@number}"><m:t k="pickup.over.detail"/></a></xsl:otherwise>
        </xsl:choose></p>
    </xsl:template>

    <xsl:template match="pickup-locked" mode="title"><m:t k="pickup.locked.title"/></xsl:template>
    <xsl:template match="pickup-locked" mode="main">
        <h1><m:t k="pickup.locked.title"/></h1>
        <p class="lead"><m:t k="pickup.locked.text"/></p>
        <ul>
            <li><m:t k="pickup.locked.safe"/></li>
            <li><xsl:choose><xsl:when test="@desk"><m:t k="pickup.locked.officer"/></xsl:when><xsl:otherwise><m:t k="pickup.locked.next"/></xsl:otherwise></xsl:choose></li>
            <li><m:t k="pickup.locked.not-you"/></li>
        </ul>
        <xsl:if test="not(@desk)"><p class="actions">
            <xsl:choose>
                <xsl:when test="@number"><a class="button main" href="/certificates/{@number}"><m:t k="pickup.locked.do"/></a></xsl:when>
                <xsl:otherwise><a class="button main" href="/certificates"><m:t k="pickup.locked.login"/></a></xsl:otherwise>
            </xsl:choose>
        </p></xsl:if>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <xsl:template match="pickup-ended" mode="title"><m:t k="pickup.ended.{@why}.title"/></xsl:template>
    <xsl:template match="pickup-ended" mode="main">
        <h1><m:t k="pickup.ended.{@why}.title"/></h1>
        <p class="lead"><m:t k="pickup.ended.{@why}.text"/></p>
        <p><xsl:choose><xsl:when test="@desk"><m:t k="pickup.ended.officer"/></xsl:when><xsl:otherwise><m:t k="pickup.ended.{@why}.next"/></xsl:otherwise></xsl:choose></p>
        <xsl:if test="not(@desk)"><p class="actions">
            <a class="button main">
                <xsl:attribute name="href">/certificates<xsl:if test="@number">/<xsl:value-of select="@number"/></xsl:if></xsl:attribute>
                <m:t k="pickup.ended.do"/>
            </a>
        </p></xsl:if>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <xsl:template match="pickup-other" mode="title"><m:t k="pickup.other.title"/></xsl:template>
    <xsl:template match="pickup-other" mode="main">
        <h1><m:t k="pickup.other.title"/></h1>
        <p class="lead"><m:t k="pickup.other.text"><m:with name="person"><strong><xsl:value-of select="i:name($frame/person)"/></strong></m:with></m:t></p>
        <ul>
            <li><m:t k="pickup.other.yours"/></li>
            <li><m:t k="pickup.other.not-yours"/></li>
        </ul>
        <form method="post" action="/logout">
            <xsl:call-template name="csrf"/>
            <p class="actions"><button type="submit" class="main"><m:t k="frame.menu.logout"/></button></p>
        </form>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>
</xsl:stylesheet>
